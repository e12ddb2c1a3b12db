//! Deliveries to webhooks.

mod bodies;
mod matching;
mod receiver;
mod schedule;
