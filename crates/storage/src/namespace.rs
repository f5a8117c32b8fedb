//! Namespaces: numbered mailboxes of one account, and the rules that go with a number.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::Access;

/// Seconds in a day.
const DAY: u64 = 86_400;

/// A mailbox of an account (spec 04 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(i16);

/// Who may store into and retrieve from a namespace (spec 04 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Everybody may store, only the account may retrieve.
    PublicInbox,
    /// Only the account may store, everybody may retrieve; holds one message (spec 04 §3.2).
    PublicOutbox,
    /// Private, but a revoked subaccount may still retrieve.
    Unrevocable,
    /// Only the account may store and retrieve.
    Private,
}

impl Namespace {
    /// Direct messages.
    pub const DIRECT: Self = Self(0);
    /// The user's profile (config).
    pub const USER_PROFILE: Self = Self(2);
    /// Contacts (config).
    pub const CONTACTS: Self = Self(3);
    /// Volatile information on conversations (config).
    pub const CONVO_INFO: Self = Self(4);
    /// The user's groups and communities (config).
    pub const USER_GROUPS: Self = Self(5);
    /// Messages in a group.
    pub const GROUP_MESSAGES: Self = Self(11);
    /// Keys of a group.
    pub const GROUP_KEYS: Self = Self(12);
    /// Information on a group (config).
    pub const GROUP_INFO: Self = Self(13);
    /// Members of a group (config).
    pub const GROUP_MEMBERS: Self = Self(14);
    /// The list of an account's linked devices.
    pub const DEVICES: Self = Self(21);
    /// Legacy closed groups: open both ways, deprecated.
    pub const LEGACY_GROUP: Self = Self(-10);
    /// Messages to removed group members.
    pub const REMOVED_MEMBERS: Self = Self(-11);
    /// The account's published keys (protocol v2).
    pub const ACCOUNT_KEYS: Self = Self(-21);

    /// The namespace with this number.
    #[must_use]
    pub const fn new(number: i16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> i16 {
        self.0
    }

    /// The class, which the number alone decides.
    #[must_use]
    pub const fn class(self) -> Class {
        // Rust's remainder takes the sign of the number: -1 and -11 select negative ones only.
        if self.0 % 10 == 0 {
            Class::PublicInbox
        } else if self.0 % 20 == -1 {
            Class::PublicOutbox
        } else if self.0 % 100 == -11 {
            Class::Unrevocable
        } else {
            Class::Private
        }
    }

    /// Whether a store must be signed.
    #[must_use]
    pub const fn store_needs_signature(self) -> bool {
        !matches!(self.class(), Class::PublicInbox)
    }

    /// Whether a retrieve must be signed.
    #[must_use]
    pub const fn retrieve_needs_signature(self) -> bool {
        !matches!(self.class(), Class::PublicOutbox) && self.0 != Self::LEGACY_GROUP.0
    }

    /// What a subaccount must be allowed to store here (spec 04 §4.2); nothing where no signature
    /// is needed.
    #[must_use]
    pub const fn store_access(self) -> Access {
        match self.class() {
            Class::PublicInbox => Access::NONE,
            Class::PublicOutbox => Access::WRITE.and(Access::DELETE),
            Class::Unrevocable | Class::Private => Access::WRITE,
        }
    }

    /// The longest time that a message may live here, itself allowed. The shortest is
    /// [`MIN_TTL`](crate::MIN_TTL).
    #[must_use]
    pub const fn max_ttl(self) -> Duration {
        match self.class() {
            Class::PublicInbox => Duration::from_secs(14 * DAY),
            _ => Duration::from_secs(30 * DAY),
        }
    }

    /// The form in which the number enters signatures and message hashes: empty for zero (spec
    /// 04 §3.3).
    #[must_use]
    pub fn signed_text(self) -> String {
        if self == Self::DIRECT {
            String::new()
        } else {
            format!("{}", self.0)
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_do_not_overlap_and_match_the_definitions() {
        for number in i16::MIN..=i16::MAX {
            let (n, namespace) = (i32::from(number), Namespace::new(number));
            let inbox = n.rem_euclid(10) == 0;
            let outbox = n < 0 && (-n) % 20 == 1;
            let unrevocable = n < 0 && (-n) % 100 == 11;
            assert!(u8::from(inbox) + u8::from(outbox) + u8::from(unrevocable) <= 1);
            let class = match (inbox, outbox, unrevocable) {
                (true, ..) => Class::PublicInbox,
                (_, true, _) => Class::PublicOutbox,
                (.., true) => Class::Unrevocable,
                _ => Class::Private,
            };
            assert_eq!(namespace.class(), class, "{number}");
        }
    }

    #[test]
    fn known_numbers_have_the_rules_of_their_use() {
        assert!(!Namespace::DIRECT.store_needs_signature());
        assert!(Namespace::DIRECT.retrieve_needs_signature());
        assert!(!Namespace::LEGACY_GROUP.retrieve_needs_signature());
        assert!(Namespace::ACCOUNT_KEYS.store_needs_signature());
        assert!(!Namespace::ACCOUNT_KEYS.retrieve_needs_signature());
        assert_eq!(Namespace::REMOVED_MEMBERS.class(), Class::Unrevocable);
        assert_eq!(Namespace::ACCOUNT_KEYS.store_access().bits(), 6);
        assert_eq!(Namespace::ACCOUNT_KEYS.signed_text(), "-21");
        assert_eq!(Namespace::DIRECT.signed_text(), "");
    }
}
