//! The Python module `leakward`: translates, and decides nothing. Its types are in `leakward.pyi`.

mod client;
mod failure;
mod program;
mod scanner;

use pyo3::prelude::*;

/// The scanner, and the client of secrets managers.
#[pymodule]
fn leakward(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let python = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("LeakwardError", python.get_type::<failure::LeakwardError>())?;
    module.add_class::<scanner::Scanner>()?;
    module.add_class::<scanner::Scan>()?;
    module.add_class::<scanner::Finding>()?;
    module.add_class::<client::Client>()?;
    module.add_class::<client::Secret>()?;
    module.add_class::<client::Watch>()?;
    module.add_class::<program::Program>()?;
    Ok(())
}
