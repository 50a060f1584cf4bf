/// Runs every case of the contract on stores that `$factory` makes: a closure that answers a future of `Option<S>`.
#[macro_export]
macro_rules! suite {
    ($factory:expr) => {
        $crate::suite! { @cases $factory;
            append::reads_back_what_was_appended,
            append::versions_and_positions_are_dense,
            append::an_append_at_another_version_is_refused,
            append::several_streams_are_appended_together_or_not_at_all,
            append::an_unchanged_stream_is_held_to_its_version,
            append::an_event_id_is_stored_once,
            append::what_is_too_large_is_refused,
            append::the_hash_chain_covers_every_field,
            reservation::a_name_has_one_holder,
            reservation::a_released_name_can_be_taken,
            reservation::two_streams_swap_their_names_in_one_transaction,
            reservation::only_the_holder_releases,
            reservation::a_refused_append_takes_no_name,
            group::a_refused_append_fails_alone,
            group::an_append_sees_those_before_it_in_the_group,
            group::a_group_without_admitted_appends_stores_nothing,
            read::pages_cover_everything_once,
            read::filters_leave_out_the_rest,
            read::a_filtered_reader_far_behind_catches_up,
            read::a_cursor_survives_its_text,
            read::a_foreign_cursor_is_refused,
            read::an_event_is_found_by_its_id,
            read::a_stream_is_read_in_pages,
            read::readers_are_woken,
            concurrency::concurrent_writers_lose_nothing_and_readers_miss_nothing,
            concurrency::one_of_many_takes_the_name,
            concurrency::an_aborted_append_leaves_the_log_whole,
            archive::an_old_partition_takes_no_appends,
            archive::a_closed_partition_is_removed_and_nothing_else,
            archive::positions_go_on_after_the_last_event_was_removed,
            archive::an_open_partition_is_not_removed,
            archive::an_archived_partition_verifies,
            archive::an_interrupted_archive_goes_on,
            views::a_view_and_its_checkpoint_move_together,
            views::only_one_process_advances_a_view,
            views::entries_are_listed_in_order,
            keys::a_generation_is_made_once,
            keys::a_destroyed_key_is_gone,
            expiring::a_record_is_stored_once_and_removed_once,
            expiring::an_expired_record_is_not_found,
            expiring::an_oversized_record_is_refused,
            sign_ins::a_sign_in_is_found_until_it_expires,
            sign_ins::a_flood_evicts_only_its_own,
            sign_ins::sign_ins_are_listed_newest_first,
            log::a_command_is_executed,
            log::a_command_on_a_stale_etag_is_refused,
            log::concurrent_commands_decide_again,
            log::personal_fields_are_sealed_and_can_be_destroyed,
            log::concurrent_appends_commit_as_groups,
            log::an_empty_transaction_answers_the_head,
            log::a_decision_on_an_unchanged_aggregate_is_bound_to_it,
            log::a_follower_sees_everything_once,
            live::a_view_catches_up_and_follows,
            live::a_view_that_is_pulled_takes_in_each_event_once,
            live::a_poison_event_stops_the_view,
            live::a_panicking_view_says_that_it_stopped,
            projection::a_projection_builds_its_view,
            projection::a_poison_event_stops_the_projection_before_it,
            projection::two_runners_do_not_count_twice,
            fault::a_lost_commit_answer_is_read_back,
            fault::a_lost_commit_that_did_not_happen_is_repeated,
            fault::an_outcome_that_cannot_be_read_back_is_unknown,
            fault::a_neighbours_fault_stays_alone,
            fault::a_dead_store_fails_everybody_soon,
            fault::a_cancelled_caller_leaves_the_group_whole,
            checkpoint::an_untouched_log_verifies,
            checkpoint::checkpoints_are_signed_and_chained,
            checkpoint::a_forged_checkpoint_is_found,
            checkpoint::the_export_survives_a_torn_line,
            checkpoint::the_exporter_runs_until_it_is_stopped,
        }
    };
    (@cases $factory:expr; $($module:ident :: $case:ident,)+) => {$(
        $crate::suite! { @case $factory; $module, $case }
    )+};
    (@case $factory:expr; $module:ident, $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            match ($factory)().await {
                Some(store) => $crate::$module::$case(store).await,
                None => $crate::skipped(stringify!($case)),
            }
        }
    };
}
