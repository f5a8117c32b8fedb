//! The schema and the statements.

/// Marks the files of this crate in the header of the database ("SnMs").
pub(crate) const APPLICATION_ID: i32 = 0x536e_4d73;
/// The schema below. Another one needs another number, and a way from this one to it.
pub(crate) const FORMAT: i32 = 1;

/// `id` is the order of arrival. The index of mailboxes has all that a choice by time looks at, so
/// that it need not read messages. The triggers count what is stored by the rule of
/// `session_node::MemoryStore`.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        account BLOB NOT NULL,
        namespace INTEGER NOT NULL,
        hash TEXT NOT NULL,
        timestamp INTEGER NOT NULL,
        expiry INTEGER NOT NULL,
        data BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX messages_by_hash ON messages (account, hash, namespace);
    CREATE INDEX messages_by_mailbox ON messages (account, namespace, id, timestamp, expiry);
    CREATE INDEX messages_by_expiry ON messages (expiry);

    CREATE TABLE revocations (
        account BLOB NOT NULL,
        token BLOB NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (account, token)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX revocations_by_time ON revocations (at);

    CREATE TABLE size (bytes INTEGER NOT NULL) STRICT;
    INSERT INTO size VALUES (0);
    CREATE TRIGGER message_comes AFTER INSERT ON messages
        BEGIN UPDATE size SET bytes = bytes + length(NEW.data) + 640; END;
    CREATE TRIGGER message_goes AFTER DELETE ON messages
        BEGIN UPDATE size SET bytes = bytes - length(OLD.data) - 640; END;
    CREATE TRIGGER revocation_comes AFTER INSERT ON revocations
        BEGIN UPDATE size SET bytes = bytes + 256; END;
    CREATE TRIGGER revocation_goes AFTER DELETE ON revocations
        BEGIN UPDATE size SET bytes = bytes - 256; END;
";

/// Names statements, and lists them for the test that looks at their plans.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($name), $sql)),*];
    };
}

statements! {
    SIZE = "SELECT bytes FROM size";
    PAGES = "PRAGMA page_count";

    FIND = "SELECT id, expiry FROM messages
        WHERE account = ?1 AND hash = ?2 AND namespace = ?3";
    FIND_ALL = "SELECT id, expiry FROM messages WHERE account = ?1 AND hash = ?2";
    NEWEST = "SELECT max(timestamp) FROM messages WHERE account = ?1 AND namespace = ?2";
    INSERT = "INSERT INTO messages (account, namespace, hash, timestamp, expiry, data)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    DELETE_OLDER = "DELETE FROM messages WHERE account = ?1 AND namespace = ?2 AND id < ?3";

    PAGE = "SELECT hash, timestamp, expiry, data FROM messages
        WHERE account = ?1 AND namespace = ?2 AND id > ?3 ORDER BY id";
    SCAN = "SELECT hash, timestamp, expiry, data, id, account, namespace FROM messages
        WHERE id > ?1 ORDER BY id";
    LATEST_EXPIRY = "SELECT max(expiry) FROM messages WHERE account = ?1 AND hash = ?2";

    DELETE = "DELETE FROM messages WHERE account = ?1 AND hash = ?2 RETURNING namespace, hash";
    DELETE_BEFORE = "DELETE FROM messages
        WHERE account = ?1 AND namespace BETWEEN ?2 AND ?3 AND timestamp <= ?4
        RETURNING namespace, hash";
    SET_EXPIRY = "UPDATE messages SET expiry = ?2 WHERE id = ?1";
    EXPIRE_ALL = "UPDATE messages SET expiry = ?4
        WHERE account = ?1 AND namespace BETWEEN ?2 AND ?3 AND expiry > ?4
        RETURNING namespace, hash";

    REVOKE = "INSERT INTO revocations (account, token, at) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET at = max(at, excluded.at)";
    KEEP_LATEST = "DELETE FROM revocations WHERE account = ?1 AND token IN (
        SELECT token FROM revocations WHERE account = ?1
        ORDER BY at DESC, token DESC LIMIT -1 OFFSET ?2)";
    UNREVOKE = "DELETE FROM revocations WHERE account = ?1 AND token = ?2 AND at <= ?3";
    REVOKED = "SELECT token FROM revocations WHERE account = ?1 ORDER BY token";
    IS_REVOKED = "SELECT EXISTS (SELECT 1 FROM revocations WHERE account = ?1 AND token = ?2)";

    DELETE_EXPIRED = "DELETE FROM messages WHERE id IN (
        SELECT id FROM messages WHERE expiry <= ?1 ORDER BY expiry LIMIT ?2)";
    END_REVOCATIONS = "DELETE FROM revocations WHERE account IN (
        SELECT account FROM revocations AS old
        WHERE at <= ?1
        AND NOT EXISTS (SELECT 1 FROM revocations AS later
            WHERE later.account = old.account AND later.at > ?1)
        AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.account = old.account)
        LIMIT ?2)";
}

/// What [`SIZE`] must be: looks at everything.
pub(crate) const COUNTED_SIZE: &str = "SELECT
    (SELECT coalesce(sum(length(data) + 640), 0) FROM messages)
    + (SELECT count(*) * 256 FROM revocations)";

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn every_statement_goes_by_an_index() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        for (name, sql) in ALL {
            let mut explain = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
                .unwrap();
            let count = explain.parameter_count();
            let parameters = rusqlite::params_from_iter(core::iter::repeat_n(1, count));
            let plan: Vec<String> = explain
                .query_map(parameters, |row| row.get("detail"))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            // A table of one row, and what is no table.
            let small = ["SCAN size", "SCAN CONSTANT ROW"];
            let goes_by_index =
                |step: &String| !step.contains("SCAN") || small.contains(&step.as_str());
            assert!(plan.iter().all(goes_by_index), "{name}: {plan:?}");
        }
        let by_mailbox = format!("EXPLAIN QUERY PLAN {DELETE_BEFORE}");
        let plan: String = connection
            .query_row(&by_mailbox, [1, 1, 1, 1], |row| row.get("detail"))
            .unwrap();
        assert!(
            plan.contains("COVERING INDEX messages_by_mailbox"),
            "{plan}"
        );
    }
}
