//! Integration tests of the sandbox, one module per subject.

mod openapi;
