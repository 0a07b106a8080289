//! Trains the classifier that leakward embeds.

mod harvest;
mod lexicon;

use std::path::Path;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let out = std::io::stdout();
    let mut out = std::io::BufWriter::new(out.lock());
    let mut words = lexicon::Words::default();
    for path in &args[2..] {
        words.read(&std::fs::read(Path::new(&args[1]).join(path)).unwrap_or_default());
    }
    let tables = words.tables(3);
    for path in &args[2..] {
        harvest::dump(Path::new(&args[1]), Path::new(path), &tables.lexicon(), &mut out);
    }
}
