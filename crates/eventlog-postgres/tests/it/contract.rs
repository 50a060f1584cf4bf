use crate::database::Database;

vestibule_eventlog_contract::suite!(|| async {
    let database = Database::scratch("a case of the contract").await?;
    Some(database.store().await)
});
