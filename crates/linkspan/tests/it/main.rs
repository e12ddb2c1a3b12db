//! Tests of the whole: the binary, the crates together, and the rules of the house.

mod canary;
mod clients;
mod commands;
mod dataset;
mod demo;
mod house;
mod killed;
mod link;
mod support;
mod sync;
