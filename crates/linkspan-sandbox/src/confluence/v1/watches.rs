//! Who watches what, and favourites as relations.

use http::StatusCode;

use super::content::{Item, write as write_item};
use super::expand::Expand;
use super::legacy::{Window, content_id};
use super::shape;
use crate::confluence::answer::{Answer, Refusal, no_content, ok, written};
use crate::confluence::json::JsonWriter;
use crate::confluence::time::Iso;
use crate::confluence::view::{Ask, View};
use crate::gateway::Charge;
use crate::world::confluence::{ContentStatus, Watched};
use crate::world::{Account, AccountIndex};

/// Default and largest page of watchers.
const PAGE: usize = 200;

/// What can be named in the path of a watch.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    Content,
    Space,
    Label,
}

impl Target {
    fn find(self, view: &View<'_>, name: &str) -> Result<Watched, Refusal> {
        match self {
            Self::Content => {
                let id = content_id(name)?;
                let head = view.head(id).filter(|head| head.status != ContentStatus::Trashed);
                head.map(|_| Watched::Content(id)).ok_or_else(Refusal::not_found)
            }
            Self::Space => {
                let space = view.space_by_key(name).ok_or_else(Refusal::not_found)?;
                Ok(Watched::Space(space.id))
            }
            Self::Label => Ok(Watched::Label(name.to_lowercase().into())),
        }
    }
}

/// The account a watch is about: the caller, or for administrators anybody.
fn subject(ask: &Ask, view: &View<'_>) -> Result<AccountIndex, Refusal> {
    let own = ask.actor()?;
    let Some(id) = ask.parameters.text("accountId") else { return Ok(own) };
    let account = view.state.account_by_id(id).ok_or_else(Refusal::not_found)?.index;
    if account == own || view.reader.admin {
        Ok(account)
    } else {
        Err(Refusal::forbidden("Only administrators may look at the watches of others"))
    }
}

/// `GET user/watch/…/{name}`
pub(super) fn is_watching(ask: &Ask, name: &str, target: Target) -> Answer {
    ask.read(|view| {
        let watched = target.find(view, name)?;
        let watching = view.state.watches(subject(ask, view)?, &watched);
        let mut json = JsonWriter::default();
        json.object(|json| json.key("watching").boolean(watching));
        Ok(ok(json, Charge::BASE))
    })
}

/// `POST` and `DELETE user/watch/…/{name}`
pub(super) fn set_watching(ask: &Ask, name: &str, target: Target, wanted: bool) -> Answer {
    let (account, watched) =
        ask.read(|view| Ok::<_, Refusal>((subject(ask, view)?, target.find(view, name)?)))?;
    ask.site().write().set_watch(account, watched, wanted);
    Ok(no_content())
}

fn watcher(json: &mut JsonWriter, view: &View<'_>, account: &Account) {
    json.object(|json| {
        json.key("type").string("known");
        json.key("accountId").string(&account.account_id);
        json.key("accountType").string("atlassian");
        json.key("email").string(view.email_of(account).unwrap_or_default());
        json.key("publicName").string(account.display_name());
        json.key("displayName").string(account.display_name());
        json.key("profilePicture")
            .object(|json| shape::picture(json, &format!("/wiki/aa-avatar/{}", account.account_id)));
        json.key("operations").null();
        json.key("externalCollaborator").boolean(view.state.is_guest(account.index));
        json.key("isExternalCollaborator").boolean(view.state.is_guest(account.index));
        json.key("isGuest").boolean(view.state.is_guest(account.index));
        json.key("personalSpace").null();
    });
}

/// `GET content/{id}/notification/created` and `…/child-created`: the watchers of content, and those of its parent's children,
/// who are the same people here.
pub(super) fn of_content(ask: &Ask, id: &str) -> Answer {
    let window = Window::sized(&ask.parameters, PAGE, PAGE)?;
    ask.read(|view| {
        let watched = Target::Content.find(view, id)?;
        let watchers = view.state.watchers(&watched);
        let (json, size) = window.write(view, &ask.parameters, &watchers, |json, account| {
            json.object(|json| {
                json.key("type").string("watch");
                json.key("watcher");
                watcher(json, view, view.state.account(*account));
                if let Watched::Content(id) = &watched {
                    json.key("contentId").display_number(id.0);
                }
            });
        });
        Ok(ok(json, Charge::identity(size)))
    })
}

/// `GET space/{spaceKey}/watch`
pub(super) fn of_space(ask: &Ask, key: &str) -> Answer {
    let window = Window::sized(&ask.parameters, PAGE, PAGE)?;
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let watchers = view.state.watchers(&Watched::Space(space.id));
        let (json, size) = window.write(view, &ask.parameters, &watchers, |json, account| {
            json.object(|json| {
                json.key("type").string("watch");
                json.key("watcher");
                watcher(json, view, view.state.account(*account));
                json.key("spaceKey").string(&space.key);
            });
        });
        Ok(ok(json, Charge::identity(size)))
    })
}

/// The ends of a relation as a path names them. Only people have favourites.
struct Ends<'path> {
    name: &'path str,
    source: &'path str,
    target: &'path str,
}

impl Ends<'_> {
    fn check(&self) -> Result<Target, Refusal> {
        if self.name != "favourite" || self.source != "user" {
            return Err(Refusal::bad_request("the relation from user by the name favourite is all there is"));
        }
        match self.target {
            "content" => Ok(Target::Content),
            "space" => Ok(Target::Space),
            other => Err(Refusal::bad_request(format!("nothing is related to a {other}"))),
        }
    }
}

fn account_named(ask: &Ask, view: &View<'_>, key: &str) -> Result<AccountIndex, Refusal> {
    if key == "current" {
        return ask.actor();
    }
    view.state.account_by_id(key).map(|account| account.index).ok_or_else(Refusal::not_found)
}

fn write_relation(json: &mut JsonWriter, view: &View<'_>, account: AccountIndex, target: &Watched) {
    json.object(|json| {
        json.key("name").string("favourite");
        json.key("relationData").object(|json| {
            json.key("createdBy");
            shape::plain_user(json, view, account);
            json.key("createdDate").display(Iso(view.now));
        });
        json.key("source");
        shape::plain_user(json, view, account);
        json.key("target");
        match target {
            Watched::Content(id) => match view.state.content(*id) {
                Some(content) => write_item(json, view, &Item::Content(content), &Expand::default()),
                None => json.null(),
            },
            Watched::Space(id) => match view.space(*id) {
                Some(space) => {
                    json.object(|json| shape::space_members(json, view, space, &Expand::default()));
                }
                None => json.null(),
            },
            Watched::Label(_) => json.null(),
        }
        json.key("_expandable").object(|json| {
            for member in ["relationData", "source", "target"] {
                json.key(member).string("");
            }
        });
        json.key("_links").object(|json| json.key("base").string(view.base()));
    });
}

/// `GET relation/{name}/from/{sourceType}/{sourceKey}/to/{targetType}`
pub(super) fn relations_from(ask: &Ask, name: &str, source: &str, key: &str, target: &str) -> Answer {
    let kind = Ends { name, source, target }.check()?;
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        let account = account_named(ask, view, key)?;
        let targets: Vec<Watched> = if matches!(kind, Target::Space) {
            view.spaces().map(|space| Watched::Space(space.id)).collect()
        } else {
            let heads = view.state.content_ids().filter_map(|id| view.head(id));
            let articles =
                heads.filter(|head| head.kind.is_article() && head.status == ContentStatus::Current);
            articles.map(|head| Watched::Content(head.id)).collect()
        };
        let favourites: Vec<Watched> =
            targets.into_iter().filter(|target| view.state.is_favourite(account, target)).collect();
        let (json, _) = window.write(view, &ask.parameters, &favourites, |json, target| {
            write_relation(json, view, account, target);
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET relation/{name}/to/{targetType}/{targetKey}/from/{sourceType}`
pub(super) fn relations_to(ask: &Ask, name: &str, target: &str, key: &str, source: &str) -> Answer {
    let kind = Ends { name, source, target }.check()?;
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        let target = kind.find(view, key)?;
        let fans: Vec<AccountIndex> = view
            .state
            .accounts()
            .iter()
            .copied()
            .filter(|account| view.state.account(*account).is_active())
            .filter(|account| view.state.is_favourite(*account, &target))
            .collect();
        let (json, _) = window.write(view, &ask.parameters, &fans, |json, account| {
            write_relation(json, view, *account, &target);
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// One relation as its path names it.
pub(super) struct Relation<'path> {
    pub(super) name: &'path str,
    pub(super) source: &'path str,
    pub(super) source_key: &'path str,
    pub(super) target: &'path str,
    pub(super) target_key: &'path str,
}

impl Relation<'_> {
    fn find(&self, ask: &Ask, view: &View<'_>) -> Result<(AccountIndex, Watched), Refusal> {
        let kind = Ends { name: self.name, source: self.source, target: self.target }.check()?;
        Ok((account_named(ask, view, self.source_key)?, kind.find(view, self.target_key)?))
    }
}

/// `GET relation/{name}/from/{sourceType}/{sourceKey}/to/{targetType}/{targetKey}`
pub(super) fn relation(ask: &Ask, relation: &Relation<'_>) -> Answer {
    ask.read(|view| {
        let (account, target) = relation.find(ask, view)?;
        if !view.state.is_favourite(account, &target) {
            return Err(Refusal::not_found());
        }
        let mut json = JsonWriter::default();
        write_relation(&mut json, view, account, &target);
        Ok(ok(json, Charge::BASE))
    })
}

/// `PUT` and `DELETE relation/…`: one's own favourites only.
pub(super) fn set_relation(ask: &Ask, relation: &Relation<'_>, present: bool) -> Answer {
    let (account, target) = ask.read(|view| relation.find(ask, view))?;
    if ask.actor()? != account {
        return Err(Refusal::forbidden("Only people themselves choose their favourites"));
    }
    ask.site().write().set_favourite(account, target.clone(), present);
    if !present {
        return Ok(no_content());
    }
    ask.read(|view| {
        let mut json = JsonWriter::default();
        write_relation(&mut json, view, account, &target);
        Ok(written(StatusCode::OK, json))
    })
}
