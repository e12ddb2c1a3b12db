//! Tests of the whole: the binary, the crates together, and the rules of the house.

mod house;
