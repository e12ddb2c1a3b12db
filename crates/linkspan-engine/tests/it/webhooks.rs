//! Webhooks on a moved clock, to receivers on this machine.

mod delivering;
mod receiver;
mod refused;
mod rotated;
mod vendor;

use receiver::{Got, Receiver};
use vendor::Vendor;
