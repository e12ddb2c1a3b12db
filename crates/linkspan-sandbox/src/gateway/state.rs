//! What every handler of the sandbox shares.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Caller;
use crate::apps::Registry;
use crate::control::Settings;
use crate::faults::Faults;
use crate::meter::Meter;
use crate::oauth::{Grants, ReportedAccounts, TokenMint};
use crate::webhooks::{Deliveries, Webhooks};
use crate::world::{Account, Site, World};

/// The axum state of all routers: cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    world: World,
    origin: OnceLock<String>,
    control_token: String,
    settings: RwLock<Settings>,
    registry: Mutex<Registry>,
    grants: Mutex<Grants>,
    meter: Mutex<Meter>,
    faults: Mutex<Faults>,
    reported: Mutex<ReportedAccounts>,
    mint: Mutex<TokenMint>,
    dice: Mutex<StdRng>,
    webhooks: Mutex<Webhooks>,
    deliveries: Mutex<Deliveries>,
    /// Apps that were uninstalled: client id and cloud id.
    uninstalled: Mutex<HashSet<(String, String)>>,
}

impl AppState {
    /// The state of a sandbox over `world`; everything random follows from the world's seed.
    pub(crate) fn new(world: World, settings: Settings) -> Self {
        let seed = world.seed();
        let mut mint = TokenMint::seeded(seed ^ 0x6d69_6e74);
        let control_token = format!("ctl_{}", mint.opaque());
        Self(Arc::new(Shared {
            origin: OnceLock::new(),
            control_token,
            settings: RwLock::new(settings),
            registry: Mutex::new(Registry::default()),
            grants: Mutex::new(Grants::new(TokenMint::seeded(seed ^ 0x746f_6b65_6e73))),
            meter: Mutex::new(Meter::default()),
            faults: Mutex::new(Faults::default()),
            reported: Mutex::new(ReportedAccounts::default()),
            mint: Mutex::new(mint),
            dice: Mutex::new(StdRng::seed_from_u64(seed ^ 0x6469_6365)),
            webhooks: Mutex::new(Webhooks::default()),
            deliveries: Mutex::new(Deliveries::default()),
            uninstalled: Mutex::new(HashSet::new()),
            world,
        }))
    }

    /// The simulated sites with everything in them, their accounts and their clock.
    pub fn world(&self) -> &World {
        &self.0.world
    }

    /// The present moment of the simulated world.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.world().clock().now_ms()).unwrap_or(Timestamp::MAX)
    }

    /// The site a product request addresses.
    pub fn site(&self, caller: &Caller) -> &Site {
        // Only the gateway makes callers, with positions of this world.
        self.world().sites().get(caller.site.0).unwrap_or_else(|| self.world().main_site())
    }

    /// The account behind a product request, if any.
    pub fn account(&self, caller: &Caller) -> Option<&Account> {
        caller.account.map(|account| self.world().directory().get(account))
    }

    /// Where the sandbox listens, such as `http://127.0.0.1:8090`: the address of its media host and of its own pages.
    pub fn origin(&self) -> &str {
        self.0.origin.get().map_or("http://127.0.0.1", String::as_str)
    }

    pub(crate) fn set_origin(&self, origin: String) {
        // A sandbox is bound once, before it serves its first request.
        let _ = self.0.origin.set(origin);
    }

    /// The token that opens the control plane.
    pub(crate) fn control_token(&self) -> &str {
        &self.0.control_token
    }

    /// What the control plane can set while the sandbox runs.
    pub fn settings(&self) -> RwLockReadGuard<'_, Settings> {
        self.0.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settings_mut(&self) -> RwLockWriteGuard<'_, Settings> {
        self.0.settings.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        locked(&self.0.registry)
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        locked(&self.0.grants)
    }

    pub(crate) fn meter(&self) -> MutexGuard<'_, Meter> {
        locked(&self.0.meter)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        locked(&self.0.faults)
    }

    pub(crate) fn reported_accounts(&self) -> MutexGuard<'_, ReportedAccounts> {
        locked(&self.0.reported)
    }

    /// The webhooks that apps registered.
    pub fn webhooks(&self) -> MutexGuard<'_, Webhooks> {
        locked(&self.0.webhooks)
    }

    /// What became of the deliveries to webhooks.
    pub fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        locked(&self.0.deliveries)
    }

    /// Whether an app may be used on a site: until an administrator uninstalls it.
    pub(crate) fn is_installed(&self, client_id: &str, cloud_id: &str) -> bool {
        let uninstalled = locked(&self.0.uninstalled);
        uninstalled.is_empty() || !uninstalled.contains(&(client_id.to_owned(), cloud_id.to_owned()))
    }

    /// Uninstalls an app from a site, or installs it again: its grants come to life again with it.
    pub(crate) fn set_installed(&self, client_id: String, cloud_id: String, installed: bool) {
        let mut uninstalled = locked(&self.0.uninstalled);
        if installed {
            uninstalled.remove(&(client_id, cloud_id));
        } else {
            uninstalled.insert((client_id, cloud_id));
        }
    }

    fn mint(&self) -> MutexGuard<'_, TokenMint> {
        locked(&self.0.mint)
    }

    /// A fresh client id and secret.
    pub(crate) fn new_client(&self) -> (String, String) {
        let mut mint = self.mint();
        (mint.client_id(), mint.client_secret())
    }

    /// A number in `[0, 1)` for faults that happen at times.
    pub(crate) fn roll(&self) -> f64 {
        locked(&self.0.dice).random()
    }
}

/// A panic in one request must not take the others down: the data behind these locks is whole after every statement.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
