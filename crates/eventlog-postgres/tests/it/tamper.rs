use std::fmt::Write as _;

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Executor as _};
use vestibule_eventlog_contract::{Attacker, forgery, tamper};

use crate::database::Database;

/// The superuser of the test server.
struct Superuser(Database);

#[async_trait]
impl Attacker for Superuser {
    async fn attempt(&self, statement: &str) -> bool {
        self.0.session().await.execute(AssertSqlSafe(statement.to_owned())).await.is_ok()
    }

    async fn overpower(&self, statements: &[String]) {
        let mut session = self.0.session().await;
        // A replica applies what its primary did without asking triggers.
        session.execute("SET session_replication_role = replica").await.unwrap();
        for statement in statements {
            session.execute(AssertSqlSafe(statement.clone())).await.unwrap();
        }
    }

    fn literal(&self, bytes: &[u8]) -> String {
        let mut literal = "'\\x".to_owned();
        for byte in bytes {
            write!(literal, "{byte:02x}").unwrap();
        }
        literal + "'::bytea"
    }
}

macro_rules! attacks {
    ($module:ident: $($case:ident,)+) => {$(
        #[tokio::test]
        async fn $case() {
            let Some(database) = Database::scratch(stringify!($case)).await else { return };
            $module::$case(database.store().await, Superuser(database)).await;
        }
    )+};
}

attacks! { tamper:
    rows_are_protected,
    a_changed_event_is_found,
    a_removed_event_is_found,
    a_truncated_log_is_found,
    a_recomputed_stream_is_found,
    a_forged_removal_is_found,
}

attacks! { forgery:
    a_snapshot_without_a_chunk_is_not_used,
    a_snapshot_of_a_log_that_was_cut_off_is_not_used,
}
