//! What every handler of the sandbox shares.

use std::sync::Arc;

use crate::world::{Account, Site, World};

use super::Caller;

/// The axum state of all routers: cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    world: World,
}

impl AppState {
    /// The simulated sites with everything in them, their accounts and their clock.
    pub fn world(&self) -> &World {
        &self.0.world
    }

    /// The site a product request addresses.
    pub fn site(&self, caller: &Caller) -> &Site {
        self.world().site(caller.site)
    }

    /// The account behind a product request, if any.
    pub fn account(&self, caller: &Caller) -> Option<&Account> {
        caller.account.map(|account| self.world().directory().get(account))
    }
}
