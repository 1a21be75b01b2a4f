//! A compiled grammar as bytes: sections for the vocabulary's hash, the description, the limits and the grammar form.
//!
//! Equal grammars give equal bytes. A file is trusted no more than any input: after its checksum, what it says is
//! checked like a front end's form, and it cannot raise the caller's limits.

mod file;
mod form;
mod numeral;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::mask::tables::{Source, Tables};
use crate::matcher::Compiled;
use crate::regex::digest::Digest;
use crate::vocabulary::Vocabulary;
use crate::wire::{Magic, Reader, Sections, Tag, Writer};

const MAGIC: &Magic = b"CSTRNGRM";
const VERSION: u32 = 4;

const VOCABULARY: &Tag = b"VOCB";
const DESCRIPTION: &Tag = b"DESC";
const LIMITS: &Tag = b"LIMS";
const FORM: &Tag = b"FORM";
/// Masks that were made ahead, where there are any (see `mask::tables`): the index after the fingerprint, and the pool.
const INDEX: &Tag = b"INDX";
const POOL: &Tag = b"POOL";
/// Expected-future weights, where there are any: read by whoever uses them.
const WEIGHTS: &Tag = b"WGHT";

/// What a grammar was made from, for people and for whoever finds a file: names and values.
pub type Description = BTreeMap<String, String>;

/// How a file is to be loaded.
#[derive(Debug, Default, Clone)]
pub struct LoadOptions {
    /// The most that the file's own limits may be.
    pub limits: Limits,
    /// Take the language where the file is for another vocabulary, and leave its tables.
    pub rebind: bool,
}

impl Compiled {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new(MAGIC, VERSION);
        out.section(VOCABULARY, |out| out.raw(&self.vocabulary.sha256));
        out.section(DESCRIPTION, |out| {
            out.list(self.description.iter(), |out, (name, value)| {
                out.bytes(name.as_bytes());
                out.bytes(value.as_bytes());
            });
        });
        out.section(LIMITS, |out| {
            fields(&self.limits)
                .iter()
                .for_each(|&(_, value)| out.number(value as u64))
        });
        out.section(FORM, |out| form::write_form(out, &self.form));
        if let Some(tables) = self.tables() {
            out.section(INDEX, |out| {
                out.raw(&tables.fingerprint.to_le_bytes());
                out.raw(tables.index());
            });
            out.section(POOL, |out| out.raw(tables.pool()));
        }
        if let Some(weights) = &self.weights {
            out.section(WEIGHTS, |out| out.raw(weights));
        }
        out.finish()
    }

    /// The hash of the language's form, whatever the vocabulary and the limits.
    pub fn form_sha256(&self) -> [u8; 32] {
        let mut out = Writer::default();
        form::write_form(&mut out, &self.form);
        Sha256::digest(out.content()).into()
    }

    /// What `to_bytes` wrote.
    ///
    /// Errors: `Artifact`: corrupt, of another version or vocabulary, or with limits above those of `options`.
    pub fn from_bytes(data: &[u8], vocabulary: Arc<Vocabulary>, options: &LoadOptions) -> Result<Self> {
        Compiled::from_source(Arc::new(data.to_vec()), vocabulary, options)
    }

    /// As `from_bytes`; the tables stay where they are.
    fn from_source(source: Source, vocabulary: Arc<Vocabulary>, options: &LoadOptions) -> Result<Self> {
        let data = (*source).as_ref();
        let reader = Reader::open(data, MAGIC, VERSION, "compiled grammar")?;
        let sections = reader.sections(&[*VOCABULARY, *DESCRIPTION, *LIMITS, *FORM, *INDEX, *POOL, *WEIGHTS])?;
        let sha256: [u8; 32] = sections.read(VOCABULARY, Reader::array)?;
        if sha256 != vocabulary.sha256 && !options.rebind {
            return Err(Error::Artifact(format!(
                "the compiled grammar is for the vocabulary {}, not for {}",
                hexadecimal(&sha256),
                hexadecimal(&vocabulary.sha256)
            )));
        }
        let description = sections.read(DESCRIPTION, read_description)?;
        let limits = sections.read(LIMITS, |reader| read_limits(reader, &options.limits))?;
        let form = sections.read(FORM, form::read_form)?;
        let tables = read_tables(&reader, &sections, &source)?;
        let weights = sections
            .get(WEIGHTS)
            .map(|content| data[content.range_in(data)].to_vec());
        let rebound = sha256 != vocabulary.sha256;
        // it compiled before it was saved; if it doesn't now, these aren't the bytes that were saved
        let compiled = Compiled::new(form, vocabulary, limits).map_err(|error| reader.corrupt(&error.to_string()))?;
        if let Some(tables) = tables.filter(|_| !rebound) {
            compiled.set_tables(tables);
        }
        let weights = weights.filter(|_| !rebound);
        Ok(compiled.with_description(description).with_weights(weights))
    }

    /// Writes the bytes to a file, whole or not at all.
    ///
    /// Errors: `Artifact`: it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        file::write(path, &self.to_bytes())
    }

    /// Reads what `save` wrote; errors as those of `from_bytes`, or the file cannot be read.
    pub fn load(path: &Path, vocabulary: Arc<Vocabulary>, options: &LoadOptions) -> Result<Self> {
        let bytes = Arc::new(file::map(path)?);
        Compiled::from_source(bytes, vocabulary, options).map_err(|error| file::named(path, error))
    }
}

/// The tables in place, if there are any.
fn read_tables(reader: &Reader<'_>, sections: &Sections<'_>, source: &Source) -> Result<Option<Tables>> {
    let (index, pool) = match (sections.get(INDEX), sections.get(POOL)) {
        (None, None) => return Ok(None),
        (Some(index), Some(pool)) => (index, pool),
        _ => return Err(reader.corrupt("a section is missing")),
    };
    let mut index = index;
    let fingerprint = index.array().map(Digest::from_le_bytes)?;
    let data = (**source).as_ref();
    Tables::new(fingerprint, source.clone(), index.range_in(data), pool.range_in(data))
        .map(Some)
        .ok_or_else(|| reader.corrupt("its tables are malformed"))
}

/// Limits by name, in the order of the format.
fn fields(limits: &Limits) -> [(&'static str, usize); 5] {
    let Limits {
        max_lexer_states,
        max_expressions,
        max_items,
        max_parser_nodes,
        max_mask_steps,
    } = *limits;
    [
        ("max_lexer_states", max_lexer_states),
        ("max_expressions", max_expressions),
        ("max_items", max_items),
        ("max_parser_nodes", max_parser_nodes),
        ("max_mask_steps", max_mask_steps),
    ]
}

fn read_limits(reader: &mut Reader<'_>, most: &Limits) -> Result<Limits> {
    let mut values = [0; 5];
    for (slot, (name, most)) in values.iter_mut().zip(fields(most)) {
        let value = reader.number(u64::MAX)?;
        if value == 0 {
            return Err(reader.corrupt("a limit is 0"));
        }
        if value > most as u64 {
            return Err(Error::Artifact(format!(
                "the compiled grammar asks for {name} = {value}, more than {most}; if you trust it, load it with \
                 limits=Limits({name}={value})"
            )));
        }
        *slot = value as usize;
    }
    let [
        max_lexer_states,
        max_expressions,
        max_items,
        max_parser_nodes,
        max_mask_steps,
    ] = values;
    Ok(Limits {
        max_lexer_states,
        max_expressions,
        max_items,
        max_parser_nodes,
        max_mask_steps,
    })
}

fn read_description(reader: &mut Reader<'_>) -> Result<Description> {
    let pairs = reader.list(|reader| Ok((reader.text()?.to_owned(), reader.text()?.to_owned())))?;
    if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(reader.corrupt("its description is out of order"));
    }
    Ok(pairs.into_iter().collect())
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
