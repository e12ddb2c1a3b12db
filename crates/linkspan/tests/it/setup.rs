//! Setting a server up: its OAuth apps, the doctor, the set-up pages.

mod apps;
mod console;
mod doctor;
