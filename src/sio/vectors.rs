//! Vectors that the official parsers made (socket.io-parser 4.2.7, engine.io-parser 5 and 2, msgpack-parser 3.0.2).

use bytes::Bytes;
use serde_json::Value;

/// All of one table.
pub(crate) fn all(table: &str) -> Vec<Value> {
    let file = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/socketio.json"));
    let mut tables: Value = serde_json::from_str(file).expect("the vectors are JSON");
    serde_json::from_value(tables[table].take()).expect("a table is an array")
}

pub(crate) fn hex(text: &str) -> Bytes {
    let pair = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(pair).collect::<Vec<_>>().into()
}

/// `{"$bin": hex}`.
pub(crate) fn bytes(value: &Value) -> Option<Bytes> {
    value.get("$bin").and_then(Value::as_str).map(hex)
}
