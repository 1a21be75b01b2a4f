//! Bitmasks that Python hands in: `int32 [rows, words]`, written in place.
//!
//! NumPy's own fields are read. Its buffer protocol writes out and compares a format at each request, which takes longer
//! than a known mask.

use std::marker::PhantomData;

use numpy::npyffi::{_PyArray_GET_ITEM_DATA, NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods, dtype};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The array, which its caller keeps alive.
pub struct Bitmask<'a> {
    start: *mut u32,
    rows: usize,
    words: usize,
    array: PhantomData<&'a Bound<'a, PyAny>>,
}

impl<'a> Bitmask<'a> {
    #[allow(unsafe_code)]
    pub fn new(bitmask: &'a Bound<'_, PyAny>, words: usize) -> PyResult<Self> {
        let of_int32 = || PyValueError::new_err("the bitmask must be a NumPy array of dtype int32");
        let array = bitmask.cast::<PyUntypedArray>().map_err(|_| of_int32())?;
        let (found, expected) = (array.dtype(), dtype::<i32>(bitmask.py()));
        if !found.is_equiv_to(&expected) {
            return Err(
                match (found.kind(), found.itemsize()) == (expected.kind(), expected.itemsize()) {
                    true => PyValueError::new_err("the bitmask must be in the machine's own byte order"),
                    false => of_int32(),
                },
            );
        }
        let &[rows, width] = array.shape() else {
            return Err(PyValueError::new_err(format!(
                "the bitmask must have two dimensions, not {}",
                array.ndim()
            )));
        };
        if width != words {
            return Err(PyValueError::new_err(format!(
                "the bitmask must have {words} words in a row for this vocabulary, not {width}"
            )));
        }
        // SAFETY: it is an array (cast above), and its fields are only read, under the GIL.
        let (flags, start) = unsafe {
            let fields = &*_PyArray_GET_ITEM_DATA(array.as_array_ptr());
            (fields.flags, fields.data.cast())
        };
        let needed = NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE;
        if flags & needed != needed || !array.is_c_contiguous() {
            return Err(PyValueError::new_err(
                "the bitmask must be writable, aligned and C-contiguous",
            ));
        }
        Ok(Bitmask {
            start,
            rows,
            words,
            array: PhantomData,
        })
    }

    pub fn row(&self, row: i64) -> PyResult<usize> {
        let index = usize::try_from(row).ok().filter(|&row| row < self.rows);
        index.ok_or_else(|| {
            PyValueError::new_err(format!("row {row} is out of range: the bitmask has {} rows", self.rows))
        })
    }

    /// The words of a row.
    #[allow(unsafe_code)]
    pub fn row_mut(&mut self, row: i64) -> PyResult<&mut [u32]> {
        let index = self.row(row)?;
        // SAFETY: the array is aligned, contiguous, writable, holds `rows * words` 32-bit integers (checked in `new`)
        // and is kept alive for 'a, and with a reference NumPy doesn't resize it. The row is inside (checked above), and
        // the slice borrows `self` mutably. That nothing else touches the rows meanwhile is the caller's part of the
        // contract, as with every function that writes into an array.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.start.add(index * self.words), self.words) })
    }

    /// The words of the rows, in their order; None when a row is named twice.
    #[allow(unsafe_code)]
    pub fn rows_mut(&mut self, rows: &[usize]) -> Option<Vec<&mut [u32]>> {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) || sorted.last().is_some_and(|&row| row >= self.rows) {
            return None;
        }
        // SAFETY: as in `row_mut`; the rows are distinct, so the slices don't overlap.
        let slice =
            |&row: &usize| unsafe { std::slice::from_raw_parts_mut(self.start.add(row * self.words), self.words) };
        Some(rows.iter().map(slice).collect())
    }
}
