//! Integration tests of the sandbox, one module per subject.

mod consent;
mod console;
mod control;
mod doors;
mod faults;
mod grants;
mod limits;
mod openapi;
mod operations;
mod reports;
mod support;
mod tokens;
