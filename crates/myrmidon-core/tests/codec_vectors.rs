//! The golden vectors of conformance/codec/vectors.json, as a program in Rust sees them (G131): what is written for a
//! value reads back as that value with a common library, and what that library writes for it is the same.

use rmpv::Value;
use serde_json::Value as Json;

fn vectors() -> Json {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/codec/vectors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn rows(vectors: &Json, key: &str) -> Vec<Json> {
    vectors[key].as_array().unwrap().clone()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn value_of(notation: &Json) -> Value {
    let (form, content) = notation.as_object().unwrap().iter().next().unwrap();
    let text = content.as_str();
    match form.as_str() {
        "nil" => Value::Nil,
        "bool" => Value::Boolean(content.as_bool().unwrap()),
        "int" => {
            let text = text.unwrap();
            text.parse::<u64>().map_or_else(|_| Value::from(text.parse::<i64>().unwrap()), Value::from)
        }
        "float" => Value::F64(text.unwrap().parse().unwrap()),
        "str" => Value::from(text.unwrap()),
        "repeat" => {
            let times = usize::try_from(content[1].as_u64().unwrap()).unwrap();
            Value::from(content[0].as_str().unwrap().repeat(times))
        }
        "bin" => Value::Binary(bytes_of(text.unwrap())),
        "array" => Value::Array(content.as_array().unwrap().iter().map(value_of).collect()),
        "map" => {
            let entries = content.as_array().unwrap().iter();
            Value::Map(entries.map(|entry| (value_of_key(&entry[0]), value_of(&entry[1]))).collect())
        }
        other => panic!("no such form: {other}"),
    }
}

fn value_of_key(key: &Json) -> Value {
    Value::from(key.as_str().unwrap())
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

fn is_same(left: &Value, right: &Value) -> bool {
    // Not equal to itself, and one of two widths.
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) if left.is_nan() => right.is_nan(),
        (Some(left), Some(right)) => left.to_bits() == right.to_bits(),
        _ => left == right,
    }
}

#[test]
fn g131_values_have_these_bytes() {
    for row in rows(&vectors(), "values") {
        let value = value_of(&row["value"]);
        let bytes = written(&value);
        if let Some(hex) = row["hex"].as_str() {
            assert_eq!(bytes, bytes_of(hex), "{}", row["name"]);
        } else {
            assert_eq!(bytes[..6], bytes_of(row["head"].as_str().unwrap()), "{}", row["name"]);
            assert_eq!(bytes.len() as u64, row["length"].as_u64().unwrap(), "{}", row["name"]);
        }
        let mut rest = bytes.as_slice();
        assert!(is_same(&rmpv::decode::read_value(&mut rest).unwrap(), &value), "{}", row["name"]);
        assert!(rest.is_empty(), "{}", row["name"]);
    }
}

#[test]
fn g131_other_forms_of_a_value_are_read() {
    for row in rows(&vectors(), "loose") {
        let bytes = bytes_of(row["hex"].as_str().unwrap());
        let value = rmpv::decode::read_value(&mut bytes.as_slice()).unwrap();
        assert!(is_same(&value, &value_of(&row["value"])), "{}", row["name"]);
    }
}
