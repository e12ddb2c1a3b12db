//! Links, images and the resources they name.

use quick_xml::events::BytesStart;

use super::super::adf::mention_name;
use super::super::document::{Inline, Marks, Media, Text};
use super::super::names::{ContentReference, Target};
use super::super::url;
use super::{Reader, Role, attribute};

/// An `ri:` element.
pub(super) enum Resource {
    Page { space: Option<String>, title: String },
    Space(String),
    Content(String),
    Attachment(String),
    User(Option<String>),
    Url(String),
}

/// An `ac:link` that is open.
#[derive(Default)]
pub(super) struct Link {
    resource: Option<Resource>,
    anchor: Option<String>,
    has_body: bool,
}

/// An `ac:image` that is open.
#[derive(Default)]
pub(super) struct Image {
    resource: Option<Resource>,
    name: Option<String>,
    source: Option<String>,
    written: bool,
}

impl<'a> Reader<'a, '_> {
    /// Reads an `ri:` element for the construct right around it.
    pub(super) fn resource(&mut self, local: &str, tag: &BytesStart<'_>) {
        let value = |name| attribute(tag, name);
        let resource = match local {
            "page" | "blog-post" => {
                value("ri:content-title").map(|title| Resource::Page { space: value("ri:space-key"), title })
            }
            "space" => value("ri:space-key").map(Resource::Space),
            "content-entity" => value("ri:content-id").map(Resource::Content),
            "attachment" => value("ri:filename").map(Resource::Attachment),
            "user" => {
                let old = || value("ri:username").or_else(|| value("ri:userkey"));
                Some(Resource::User(value("ri:account-id").or_else(old)))
            }
            "url" => value("ri:value").map(Resource::Url),
            "shortcut" => value("ri:parameter").map(Resource::Content),
            _ => None,
        };
        let Some(resource) = resource else {
            self.builder.lose(&format!("ri:{local}"));
            return;
        };
        let slot = match self.elements.last().map(|element| element.role) {
            _ if !self.captures.is_empty() => self.macros.last_mut().map(|open| &mut open.resource),
            Some(Role::Link) => self.links.last_mut().map(|link| &mut link.resource),
            Some(Role::Image) => self.images.last_mut().map(|image| &mut image.resource),
            _ => None,
        };
        // A page inside an attachment only says where the file is.
        if let Some(slot) = slot {
            slot.get_or_insert(resource);
        }
    }

    pub(super) fn start_link(&mut self, name: &str, tag: &BytesStart<'_>) {
        self.flush_blank();
        self.push(name, Role::Link, 0);
        self.links.push(Link { anchor: attribute(tag, "ac:anchor"), ..Link::default() });
    }

    pub(super) fn start_link_body(&mut self, name: &str) {
        self.push(name, Role::Plain, 0);
        let Some(link) = self.links.last_mut() else { return };
        link.has_body = true;
        let anchor = link.anchor.clone();
        let Some(resource) = link.resource.take() else {
            if let Some(anchor) = anchor {
                self.marks.link = self.builder.link(format!("#{anchor}").into(), None);
            }
            return;
        };
        match self.resource_url(&resource, anchor.as_deref()) {
            Some(target) => self.marks.link = self.builder.link(target.url.into(), None),
            None if matches!(resource, Resource::User(_)) => {}
            None => self.builder.lose("link target"),
        }
    }

    pub(super) fn end_link(&mut self) {
        let Some(link) = self.links.pop() else { return };
        if link.has_body {
            return;
        }
        if let Some(resource) = link.resource {
            self.write_resource(&resource, link.anchor.as_deref());
        } else if let Some(anchor) = link.anchor {
            let target = self.builder.link(format!("#{anchor}").into(), None);
            self.linked(anchor.into(), target);
        }
    }

    /// Writes what stands for a resource that has no text of its own.
    pub(super) fn write_resource(&mut self, resource: &Resource, anchor: Option<&str>) {
        let text = match resource {
            Resource::User(account) => {
                let name = mention_name(self.names, account.as_deref(), None).unwrap_or_else(|stand_in| {
                    self.builder.lose("mention");
                    stand_in
                });
                self.inline(Inline::Mention { name, account: account.clone().map(Into::into) });
                return;
            }
            Resource::Attachment(file) => {
                let url = self.names.attachment_url(file).and_then(|url| url::safe(url.into()));
                if url.is_none() {
                    self.builder.lose("media");
                }
                let reference = Some(file.clone().into());
                self.inline(Inline::Media(Media { name: file.clone().into(), reference, url, image: false }));
                return;
            }
            Resource::Url(address) => {
                if let Some(url) = url::safe(address.clone().into()) {
                    self.inline(Inline::Card { url, title: None });
                } else {
                    self.builder.lose("link target");
                    self.verbatim(address.clone().into());
                }
                return;
            }
            Resource::Page { title, .. } => title,
            Resource::Space(key) | Resource::Content(key) => key,
        };
        let target = self.resource_url(resource, anchor);
        let title = target.as_ref().and_then(|target| target.title.clone());
        let link = self.builder.link_to(target.map(|target| target.url));
        self.linked(title.unwrap_or_else(|| text.clone()).into(), link);
    }

    fn resource_url(&self, resource: &Resource, anchor: Option<&str>) -> Option<Target> {
        let reference = match resource {
            Resource::Page { space, title } => ContentReference::Title { space: space.as_deref(), title },
            Resource::Space(key) => ContentReference::Space(key),
            Resource::Content(id) => ContentReference::Id(id),
            Resource::Attachment(file) => {
                return self.names.attachment_url(file).map(|url| Target { url, title: None });
            }
            Resource::Url(url) => return Some(Target { url: url.clone(), title: None }),
            Resource::User(_) => return None,
        };
        let mut target = self.names.content(reference)?;
        if let Some(anchor) = anchor {
            target.url.push('#');
            target.url.push_str(anchor);
        }
        Some(target)
    }

    pub(super) fn linked(&mut self, text: Text<'a>, link: u32) {
        self.flush_blank();
        self.builder.text(text, Marks { link, ..self.marks });
    }

    pub(super) fn start_image(&mut self, name: &str, tag: &BytesStart<'_>) {
        self.push(name, Role::Image, 0);
        self.images.push(Image {
            name: attribute(tag, "ac:alt").or_else(|| attribute(tag, "ac:title")),
            source: attribute(tag, "ac:src"),
            ..Image::default()
        });
    }

    /// Writes the innermost image, once: before its caption or at its end.
    pub(super) fn write_image(&mut self) {
        let Some(image) = self.images.last_mut() else { return };
        if std::mem::replace(&mut image.written, true) {
            return;
        }
        let (name, source) = (image.name.take(), image.source.take());
        let (file, url) = match image.resource.take() {
            Some(Resource::Attachment(file)) => {
                let url = self.names.attachment_url(&file);
                (Some(file), url)
            }
            Some(Resource::Url(url)) => (None, Some(url)),
            _ => (None, source),
        };
        let url = url.and_then(|url| url::safe(url.into()));
        if url.is_none() {
            self.builder.lose("media");
        }
        let name = name.or_else(|| file.clone()).unwrap_or_default().into();
        self.inline(Inline::Media(Media { name, reference: file.map(Into::into), url, image: true }));
    }

    pub(super) fn end_image(&mut self) {
        self.write_image();
        self.images.pop();
    }
}
