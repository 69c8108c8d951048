//! Random supervision trees with random crashes, as rows of `conformance/supervisor` with the machines' trace as their
//! expectation. `random.json` there: `cargo run -p myrmidon-core --example supervisor_programs -- 1 48`.

#[path = "../tests/supervisor/dice.rs"]
mod dice;
#[path = "../tests/supervisor/program.rs"]
mod program;
#[path = "../tests/supervisor/row.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod row;
#[path = "../tests/supervisor/tree.rs"]
mod tree;
#[path = "../tests/supervisor/world.rs"]
mod world;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(seed)), Some(Ok(count)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        eprintln!("usage: supervisor_programs SEED COUNT");
        std::process::exit(2);
    };
    print!("{}", program::file(seed..seed.saturating_add(count)));
}
