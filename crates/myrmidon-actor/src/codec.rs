//! Payloads and answers by `serde`: the plain msgpack of docs/codec.md.
//!
//! A struct is a map with the names of its fields, as a Schema's struct is; `#[serde(skip_serializing_if)]` leaves out what
//! is optional there. Bytes want `serde_bytes`, as everywhere with `serde`. A number that came without the codec is read
//! as if it had come with it. A PID, or a ref, is a `u64` ([`crate::Pid::from_u64`]).

use crate::{Payload, StreamTo, Wire, reply::ReplyTo, wire::Encoded};
use myrmidon_core::record::reply;
use serde::{Serialize, de::DeserializeOwned};

/// msgpack of nothing.
const NIL: u8 = 0xc0;
/// Integers up to this are exact as a JavaScript number.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

#[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 53 bits")]
pub(crate) fn number(number: f64) -> [u8; 9] {
    let mut bytes = [0; 9];
    let is_whole = number.fract() == 0.0 && number.abs() <= MAX_SAFE && !(number == 0.0 && number.is_sign_negative());
    let word = if is_whole { (number as i64).to_be_bytes() } else { number.to_be_bytes() };
    bytes[0] = if is_whole { 0xd3 } else { 0xcb };
    bytes[1..].copy_from_slice(&word);
    bytes
}

impl Payload {
    /// A value as the codec's bytes.
    ///
    /// ```
    /// use myrmidon_actor::Payload;
    /// let payload = Payload::of(&("ab", 3)).unwrap();
    /// assert_eq!(payload, Payload::Bytes(vec![0x92, 0xa2, b'a', b'b', 3]));
    /// assert_eq!(payload.read::<(String, u8)>().unwrap(), ("ab".to_owned(), 3));
    /// ```
    ///
    /// # Errors
    /// What of the value has no form in msgpack.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, String> {
        rmp_serde::to_vec_named(value).map(Self::Bytes).map_err(|error| error.to_string())
    }

    /// The value that the bytes are of.
    ///
    /// # Errors
    /// What does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        let read = match self {
            Self::Nothing => rmp_serde::from_slice(&[NIL]),
            Self::Number(payload) => rmp_serde::from_slice(&number(*payload)),
            Self::Bytes(bytes) => rmp_serde::from_slice(bytes),
        };
        read.map_err(|error| error.to_string())
    }
}

impl Wire {
    /// What it carries, as a value. `None`: it does not fit; whoever asked is told what does not, once the message is given
    /// up.
    ///
    /// ```
    /// use myrmidon_actor::{Actor, Context, ReplyTo, Wire};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize)]
    /// struct Order { id: u64, item: String }
    /// #[derive(Serialize)]
    /// #[serde(tag = "_tag")]
    /// enum Refused { SoldOut { item: String } }
    /// enum Message { Place(Order, ReplyTo<Result<u64, Refused>>), Count(ReplyTo<usize>) }
    ///
    /// struct Orders(Vec<Order>);
    /// impl Actor for Orders {
    ///     type Message = Message;
    ///     const PROTOCOL: &'static str = "Orders";
    ///     fn from_wire(mut wire: Wire) -> Option<Message> {
    ///         match wire.tag() {
    ///             "Place" => Some(Message::Place(wire.read()?, wire.answers_or()?)),
    ///             "Count" => Some(Message::Count(wire.answers()?)),
    ///             _ => None,
    ///         }
    ///     }
    ///     fn handle(&mut self, message: Message, _: &mut Context<Message>) {
    ///         match message {
    ///             Message::Place(order, reply) if self.0.len() == 100 => {
    ///                 reply.send(Err(Refused::SoldOut { item: order.item }));
    ///             }
    ///             Message::Place(order, reply) => {
    ///                 reply.send(Ok(order.id));
    ///                 self.0.push(order);
    ///             }
    ///             Message::Count(reply) => reply.send(self.0.len()),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.payload.read().map_err(|issue| self.issue = Some(issue)).ok()
    }

    /// The right to answer, once. `None`: it does not ask.
    pub fn answers<R: Serialize + Send + 'static>(&mut self) -> Option<ReplyTo<R>> {
        let tag = self.tag.clone();
        self.answer(move |answer| encoded(&tag, reply::SUCCESS, &answer))
    }

    /// The right to answer, once, with a result or the protocol's own error. `None`: it does not ask.
    pub fn answers_or<R, E>(&mut self) -> Option<ReplyTo<Result<R, E>>>
    where
        R: Serialize + Send + 'static,
        E: Serialize + Send + 'static,
    {
        let tag = self.tag.clone();
        self.answer(move |answer: Result<R, E>| match answer {
            Ok(answer) => encoded(&tag, reply::SUCCESS, &answer),
            Err(error) => encoded(&tag, reply::FAILURE, &error),
        })
    }

    /// The right to answer with a stream, once. `None`: it does not ask for one (G239).
    pub fn streams<T: Serialize, E: Serialize>(&mut self) -> Option<StreamTo<T, E>> {
        let Some(flow) = self.flow.take() else {
            self.issue = Some("its reply is a stream: use `stream`".into());
            return None;
        };
        // The answer is the end of the stream.
        self.ticket = None;
        Some(StreamTo::new(flow))
    }
}

fn encoded<T: Serialize>(tag: &str, status: u32, value: &T) -> Encoded {
    match rmp_serde::to_vec_named(value) {
        Ok(bytes) => Encoded { status, bytes, buffers: None },
        Err(error) => Encoded::refusal(tag, &format!("the answer has no form: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g196_a_number_without_codec_reads_as_one_with_it() {
        for (sent, read) in [(1.0, 1), (-5.0, -5), (MAX_SAFE, 9_007_199_254_740_991_i64)] {
            assert_eq!(Payload::Number(sent).read::<i64>(), Ok(read));
            assert_eq!(Payload::Number(sent).read::<f64>(), Ok(sent));
        }
        for sent in [0.5, -0.0, 1e300, f64::INFINITY] {
            assert_eq!(Payload::Number(sent).read::<f64>().map(f64::to_bits), Ok(sent.to_bits()));
            assert!(Payload::Number(sent).read::<i64>().is_err(), "{sent}");
        }
        assert_eq!(Payload::Nothing.read::<Option<u8>>(), Ok(None));
    }

    #[test]
    fn g196_a_refusal_is_plain_msgpack_of_an_ask_error() {
        let refusal = Encoded::refusal("Add", "too much");
        let value = rmpv::decode::read_value(&mut refusal.bytes.as_slice()).expect("it is msgpack");
        let text = value.to_string();
        assert_eq!(
            text,
            r#"{"_tag": "AskError", "tag": "Add", "reason": {"_tag": "BadMessage", "tag": "Add", "issue": "too much"}}"#
        );
    }
}
