//! Dead letters, crashes and ends of trees of Rust actors, told to the agent of the isolate that opened their system, as those of a worker
//! isolate are (`packages/actor/src/internal/isolate/relay.ts`).

use myrmidon_actor::{DeadLetter, ExitReason, ForeignRef, Notice, Payload, Pid, System};
use serde::de::IgnoredAny;

/// The agent's name (`isolate/protocol.ts`).
const AGENT: &str = "myrmidon/agent/0";
/// What isolates say to each other is nobody's letter.
const OWN: &str = "myrmidon/";
/// The end of a tree (`isolate/relay.ts`).
const TREE_ENDED: &str = "myrmidon/TreeEnded";

/// Tells the agent. What it has no room for is lost: a shard does not wait.
pub fn relay(system: &System, notice: &Notice) {
    let (tag, bytes) = match notice {
        Notice::DeadLetter(letter) => match letter_of(letter) {
            Some(bytes) => ("myrmidon/Letters", bytes),
            None => return,
        },
        Notice::Crashed { pid, name, reason } => ("myrmidon/Events", crash_of(*pid, name.as_deref(), reason)),
        Notice::TreeEnded { supervisor, child, reason, .. } => {
            ("myrmidon/Events", end_of(supervisor, child, reason.as_ref()))
        }
        _ => return,
    };
    if let Some(agent) = ForeignRef::named(system, AGENT) {
        let _ = agent.tell(tag, Payload::Bytes(bytes.0));
    }
}

/// msgpack, as far as these two need it.
struct Bytes(Vec<u8>);

impl Bytes {
    fn map(entries: u8) -> Self {
        Self(vec![0x80 | entries])
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(0xdb);
        self.0.extend_from_slice(&(text.len() as u32).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw(&[0xc0]),
        }
    }

    fn pid(&mut self, pid: Option<Pid>) -> &mut Self {
        match pid {
            Some(pid) => self.raw(&[&[0xcf], &pid.to_u64().to_be_bytes()[..]].concat()),
            None => self.raw(&[0xc0]),
        }
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

fn letter_of(letter: &DeadLetter) -> Option<Bytes> {
    let tag = letter.tag.as_deref().filter(|tag| !tag.starts_with(OWN))?;
    let mut bytes = Bytes::map(1);
    // An array of one.
    bytes.text("letters").raw(&[0x91, 0x87]);
    bytes.text("to").pid(Some(letter.to)).text("name").optional(letter.name.as_deref()).text("from").pid(letter.from);
    bytes.text("asked").raw(&[if letter.asked { 0xc3 } else { 0xc2 }]);
    bytes.text("tag").text(tag).text("why").text(letter.why.name()).text("payload");
    match &letter.payload {
        Payload::Number(number) => bytes.raw(&[&[0xcb], &number.to_be_bytes()[..]].concat()),
        // Of another codec than ours: it would make the whole letter unreadable.
        Payload::Bytes(payload) if letter.payload.read::<IgnoredAny>().is_ok() => bytes.raw(payload),
        _ => bytes.raw(&[0xc0]),
    };
    Some(bytes)
}

fn crash_of(pid: Pid, name: Option<&str>, reason: &ExitReason) -> Bytes {
    let mut bytes = Bytes::map(1);
    bytes.text("events").raw(&[0x91, 0x84]).text("_tag").text("Crashed").text("pid").pid(Some(pid));
    bytes.text("name").optional(name).text("reason");
    let ExitReason::Crashed(error) = reason else { return bytes };
    bytes.raw(&[0x82]).text("_tag").text("Crashed").text("error").raw(&[0x83]);
    bytes.text("name").text(&error.name).text("message").text(&error.message);
    bytes.text("language").text("rust");
    bytes
}

/// No event of the program's: it is logged there.
fn end_of(supervisor: &str, child: &str, reason: Option<&ExitReason>) -> Bytes {
    let mut bytes = Bytes::map(1);
    bytes.text("events").raw(&[0x91, 0x84]).text("_tag").text(TREE_ENDED);
    bytes.text("supervisor").text(supervisor).text("child").text(child);
    bytes.text("reason").optional(reason.map(ToString::to_string).as_deref());
    bytes
}
