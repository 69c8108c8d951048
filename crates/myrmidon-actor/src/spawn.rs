//! How an actor is spawned: where, how large its mailbox is, who is tied to it from its first moment.

use crate::SpawnError;
use core::time::Duration;
use myrmidon_core::{record::policy, shard::MAX_BUDGET};

/// Messages that a mailbox may have.
pub(crate) const MOST_MESSAGES: u32 = 1 << 30;

/// What a full mailbox does (G13 to G16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The sender gets `MailboxFull`.
    #[default]
    Reject,
    /// The new message is a dead letter.
    DropNewest,
    /// The oldest message is a dead letter.
    DropOldest,
    /// The sending actor gets no turn until there is room, at most for this time: 1 to 16,777,215 ms.
    Suspend(Duration),
}

/// A mailbox's bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// Messages, 2^30 at most; 0 stands for the runtime's default.
    pub capacity: u32,
    /// What a full one does.
    pub overflow: Overflow,
}

impl Mailbox {
    /// One for so many messages.
    pub const fn bounded(capacity: u32, overflow: Overflow) -> Self {
        Self { capacity, overflow }
    }

    /// The words of a SPAWN record.
    pub(crate) fn words(self) -> Result<(u32, u32), SpawnError> {
        if self.capacity > MOST_MESSAGES {
            return Err(SpawnError::Option { name: "mailbox", allowed: "1 to 2^30 messages, or 0 for the default" });
        }
        let policy = match self.overflow {
            Overflow::Reject => policy::REJECT,
            Overflow::DropNewest => policy::DROP_NEWEST,
            Overflow::DropOldest => policy::DROP_OLDEST,
            Overflow::Suspend(most) => match u32::try_from(most.as_millis()) {
                Ok(millis @ 1..=0xff_ffff) => policy::SUSPEND | millis << 8,
                _ => return Err(SpawnError::Option { name: "overflow", allowed: "1 to 16,777,215 ms" }),
            },
        };
        Ok((self.capacity, policy))
    }
}

/// On which worker shard an actor lives, for life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// Its spawner's; from outside of any actor as `LeastLoaded`.
    #[default]
    Here,
    /// The one with the fewest actors.
    LeastLoaded,
    /// The same one for the same key.
    Key(u64),
}

/// The options of a spawn. With one that is out of range nothing is spawned, and the error is [`SpawnError::Option`] (G279).
///
/// ```
/// use myrmidon_actor::{Context, Mailbox, Overflow, Runtime, Spawn, behavior};
/// let runtime = Runtime::start()?;
/// let options = Spawn::new().named("log").mailbox(Mailbox::bounded(100, Overflow::DropOldest));
/// let log = runtime.spawn_with(&options, behavior((), |_: &mut (), line: String, _: &mut Context<_>| println!("{line}")))?;
/// assert_eq!(runtime.whereis::<String>("log"), Some(log));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Spawn {
    pub(crate) placement: Placement,
    pub(crate) mailbox: Mailbox,
    pub(crate) name: Option<Box<str>>,
    pub(crate) link: bool,
    pub(crate) trap_exits: bool,
    pub(crate) budget: Option<u32>,
}

impl Spawn {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where it lives.
    #[must_use]
    pub fn on(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Its mailbox.
    #[must_use]
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.mailbox = mailbox;
        self
    }

    /// Its name in the system, from its first moment (G35). It is not empty.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Linked to its spawner from its first moment (G35).
    #[must_use]
    pub fn linked(mut self) -> Self {
        self.link = true;
        self
    }

    /// It traps exits from its first moment.
    #[must_use]
    pub fn trapping_exits(mut self) -> Self {
        self.trap_exits = true;
        self
    }

    /// Messages that it handles at most before others get their turn, for its whole life: 1 to 64, 64 unless said otherwise
    /// (G105, G227). With another number it is not spawned, and the error is [`SpawnError::Option`].
    ///
    /// A weight among actors that are flooded. Of time it says nothing: a slice ends with the budget or with its millisecond.
    ///
    /// ```
    /// use myrmidon_actor::{Context, Runtime, Spawn, SpawnError, behavior};
    /// let runtime = Runtime::start()?;
    /// let import = || behavior((), |_: &mut (), _row: u64, _: &mut Context<_>| ());
    /// let background = runtime.spawn_with(&Spawn::new().budget(4), import())?;
    /// background.tell(1)?;
    /// assert!(matches!(
    ///     runtime.spawn_with(&Spawn::new().budget(65), import()),
    ///     Err(SpawnError::Option { name: "budget", .. })
    /// ));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn budget(mut self, messages: u32) -> Self {
        self.budget = Some(messages);
        self
    }

    /// The name of a SPAWN record.
    pub(crate) fn checked_name(&self) -> Result<Option<Box<str>>, SpawnError> {
        match &self.name {
            Some(name) if name.is_empty() => {
                Err(SpawnError::Option { name: "name", allowed: "a text that is not empty" })
            }
            name => Ok(name.clone()),
        }
    }

    /// The budget of a SPAWN record; 0 says nothing.
    pub(crate) fn budget_word(&self) -> Result<u32, SpawnError> {
        match self.budget {
            None => Ok(0),
            Some(messages) if (1..=MAX_BUDGET).contains(&messages) => Ok(messages),
            Some(_) => Err(SpawnError::Option { name: "budget", allowed: "1 to 64 messages" }),
        }
    }
}
