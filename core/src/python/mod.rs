//! The border to Python: reads plain data in, hands plain data out, releases the GIL while it works.

mod arrays;
mod bitmask;
mod canvas;
mod errors;
mod form;
mod grammar;
mod literals;
mod vocabulary;

use pyo3::prelude::*;

/// Code-point ranges of `\p{query}` (general category, script, binary property); None when unknown.
#[pyfunction]
fn unicode_class(query: &str) -> Option<Vec<(u32, u32)>> {
    crate::unicode::property(query)
}

/// Where the units of a text begin and end, in bytes of its UTF-8.
#[pyfunction]
fn text_units(text: &str, unit: &str) -> PyResult<Vec<(u32, u32)>> {
    Ok(crate::regex::excerpt::corpus::units(text, form::unit(unit)?))
}

/// The characters of code-point ranges, and all that simple case folding makes equal to one of them.
#[pyfunction]
fn in_any_case(ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    crate::unicode::in_any_case(&ranges)
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<vocabulary::PyVocabulary>()?;
    module.add_class::<grammar::PyCompiledGrammar>()?;
    module.add_class::<grammar::PyMatcher>()?;
    module.add_class::<literals::PyLiterals>()?;
    module.add_function(wrap_pyfunction!(grammar::compile_grammar, module)?)?;
    module.add_function(wrap_pyfunction!(grammar::fill_batch, module)?)?;
    module.add_function(wrap_pyfunction!(arrays::expected_future, module)?)?;
    module.add_function(wrap_pyfunction!(canvas::decide_gaps, module)?)?;
    module.add_class::<canvas::PyTokenAutomaton>()?;
    module.add_class::<canvas::PyCanvasBoard>()?;
    module.add_function(wrap_pyfunction!(text_units, module)?)?;
    module.add_function(wrap_pyfunction!(unicode_class, module)?)?;
    module.add_function(wrap_pyfunction!(in_any_case, module)?)?;
    Ok(())
}
