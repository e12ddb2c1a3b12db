//! Changes to what hangs on content and spaces beside the tree.
//!
//! Rights are not checked here: callers ask `access` first.

use super::extras::{ContentState, Holder, Level, LongTask, Property, Watched};
use super::model::ContentLabel;
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{AccountIndex, ContentId, ContentLabelId, SpaceId};
use crate::world::log::Subject;
use crate::world::site::SiteState;

/// Properties of one holder.
const MAX_PROPERTIES: usize = 100;
/// Longest key, in bytes.
const MAX_KEY: usize = 255;
/// Longest value, in bytes of JSON.
const MAX_VALUE: usize = 32_768;

impl SiteState {
    /// Makes a property.
    pub fn create_property(
        &mut self,
        stamp: Stamp,
        holder: Holder,
        key: &str,
        value: &str,
    ) -> Result<Property, EditError> {
        check(key, value)?;
        let mut properties = self.properties(holder);
        if properties.iter().any(|it| *it.key == *key) {
            return Err(EditError::Refused("a property with this key exists already"));
        }
        if properties.len() >= MAX_PROPERTIES {
            return Err(EditError::Refused("nothing has more than 100 properties"));
        }
        // The number is taken from the content's, so that no later holder has it.
        let id = self.take_content_id().saturating_mul(100);
        let made = Property {
            id,
            key: key.into(),
            value: value.into(),
            created: stamp.at,
            author: stamp.by,
            version: 1,
            modified: stamp.at,
            editor: stamp.by,
            message: "".into(),
        };
        properties.push(made.clone());
        self.confluence.extras.properties.insert(holder, properties);
        Ok(made)
    }

    /// Writes the next version of a property.
    pub fn edit_property(
        &mut self,
        stamp: Stamp,
        holder: Holder,
        id: u64,
        (key, value): (&str, &str),
        (version, message): (u32, &str),
    ) -> Result<Property, EditError> {
        check(key, value)?;
        let mut properties = self.properties(holder);
        let found = properties.iter_mut().find(|it| it.id == id).ok_or(EditError::Missing("the property"))?;
        if *found.key != *key {
            return Err(EditError::Refused("the key of a property cannot be changed"));
        }
        if version != found.version + 1 {
            return Err(EditError::Conflict { present: found.version });
        }
        found.value = value.into();
        found.version = version;
        found.modified = stamp.at;
        found.editor = stamp.by;
        found.message = message.into();
        let written = found.clone();
        self.confluence.extras.properties.insert(holder, properties);
        Ok(written)
    }

    /// Removes a property.
    pub fn delete_property(&mut self, holder: Holder, id: u64) -> Result<(), EditError> {
        let mut properties = self.properties(holder);
        let before = properties.len();
        properties.retain(|it| it.id != id);
        if properties.len() == before {
            return Err(EditError::Missing("the property"));
        }
        self.confluence.extras.properties.insert(holder, properties);
        Ok(())
    }

    /// Gives a page a state, or none.
    pub fn set_content_state(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        state: Option<ContentState>,
    ) -> Result<(), EditError> {
        self.living_content(id)?;
        self.confluence.extras.states.insert(id, state);
        self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(id));
        Ok(())
    }

    /// Adds a label to a space, or removes it. Returns whether that changed anything.
    pub fn set_space_label(
        &mut self,
        stamp: Stamp,
        id: SpaceId,
        (prefix, name): (&'static str, &str),
        present: bool,
    ) -> Result<bool, EditError> {
        let mut labels = self.space_labels(id);
        let at = labels.iter().position(|label| *label.name == *name && label.prefix == prefix);
        match (at, present) {
            (Some(at), false) => drop(labels.remove(at)),
            (None, true) => {
                let label = ContentLabelId(self.take_content_id());
                labels.push(ContentLabel { id: label, name: name.into(), prefix });
            }
            _ => return Ok(false),
        }
        self.confluence.extras.space_labels.insert(id, labels);
        self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(id));
        Ok(true)
    }

    /// Makes an account watch something, or not.
    pub fn set_watch(&mut self, account: AccountIndex, watched: Watched, wanted: bool) {
        self.confluence.extras.watches.insert((account, watched), wanted);
    }

    /// Gives content of a space without a level of its own another one, or none.
    pub fn set_space_level(&mut self, stamp: Stamp, id: SpaceId, level: Option<&'static Level>) {
        self.confluence.extras.space_levels.insert(id, level);
        self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(id));
    }

    /// Gives content a level of its own, or takes it away.
    pub fn set_content_level(&mut self, id: ContentId, level: Option<&'static Level>) {
        match level {
            Some(level) => self.confluence.extras.content_levels.insert(id, level),
            None => self.confluence.extras.content_levels.remove(&id),
        };
    }

    /// Chooses a theme for a space, or the site's.
    pub fn set_space_theme(&mut self, stamp: Stamp, id: SpaceId, theme: Option<&str>) {
        match theme {
            Some(theme) => drop(self.confluence.extras.themes.insert(id, theme.into())),
            None => drop(self.confluence.extras.themes.remove(&id)),
        }
        self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(id));
    }

    /// Makes something a favourite of an account, or no longer.
    pub fn set_favourite(&mut self, account: AccountIndex, of: Watched, favourite: bool) {
        self.confluence.extras.favourites.insert((account, of), favourite);
    }

    /// Says how long audit records are kept.
    pub fn set_audit_retention(&mut self, number: u64, unit: &str) {
        self.confluence.extras.retention = Some((number, unit.into()));
    }

    /// Remembers work that goes on after its request, and returns its id.
    pub fn begin_long_task(&mut self, stamp: Stamp, name: &'static str) -> String {
        let number = self.take_content_id();
        let id = crate::world::seed::uuid(number, u64::from(stamp.by.0));
        let task = LongTask { id: id.clone(), name, started: stamp.at, by: stamp.by };
        self.confluence.extras.remember(task);
        id
    }

    /// Replaces the body of content without a new version, as a ticked task does.
    pub fn rewrite_body(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        body: crate::world::rich::Body,
    ) -> Result<(), EditError> {
        let mut content = self.living_content(id)?;
        content.body = body;
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(id));
        Ok(())
    }
}

fn check(key: &str, value: &str) -> Result<(), EditError> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(EditError::Refused("the key of a property has 1 to 255 bytes"));
    }
    if value.len() > MAX_VALUE {
        return Err(EditError::Refused("the value of a property has at most 32768 bytes"));
    }
    Ok(())
}
