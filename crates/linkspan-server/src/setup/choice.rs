//! What the person wants of the app, as the page's address says it, and the scopes that follow.

use linkspan_engine::scopes::{
    DEAD_SCOPES, Feature, SCOPE_WARNING, ScopeFamily, ScopeList, products_for, smallest_scopes, with_duties,
    with_search,
};
use linkspan_model::product::{AppPurpose, Product};
use minijinja::{Value, context};

use crate::params::Params;

/// The models that can be written, by their word in `write=`.
const WRITABLE: [(&str, Feature); 4] = [
    ("tickets", Feature::WriteTickets),
    ("comments", Feature::WriteComments),
    ("attachments", Feature::WriteAttachments),
    ("articles", Feature::WriteArticles),
];

/// What is chosen.
pub(super) struct Choice {
    pub(super) purpose: AppPurpose,
    /// The visitor chose what the app is to do; otherwise it is what the server reads.
    pub(super) is_made: bool,
    /// Without what search needs besides.
    features: Vec<Feature>,
    family: ScopeFamily,
    search: bool,
}

impl Choice {
    /// The choice in an address; without one, what the server reads. Words that are not known are passed over.
    pub(super) fn of(params: &Params, read_here: &[Feature]) -> Self {
        let words = |name: &str| params.list(name).unwrap_or_default();
        let purpose = params.text("app").and_then(|word| word.parse().ok()).unwrap_or(AppPurpose::All);
        let family = params
            .text("family")
            .and_then(|word| ScopeFamily::ALL.into_iter().find(|family| family.as_str() == word))
            .unwrap_or(ScopeFamily::Classic);
        let search = params.text("search").is_some();
        let is_made = params.text("chosen").is_some();
        let features = if is_made {
            let mut chosen: Vec<Feature> =
                words("models").iter().filter_map(|word| Feature::of_model(word).ok()).collect();
            let writes = words("write");
            chosen.extend(
                WRITABLE.iter().filter(|(word, _)| writes.iter().any(|it| it == word)).map(|it| it.1),
            );
            chosen.extend(params.text("webhooks").map(|_| Feature::Webhooks));
            with_duties(&chosen)
        } else {
            read_here.to_vec()
        };
        Self { purpose, is_made, features, family, search }
    }

    /// The products that the app reads, and all that is wanted of them.
    fn wanted(&self) -> (Vec<Product>, Vec<Feature>) {
        let products = products_for(self.purpose, &self.features);
        let features = if self.search {
            with_duties(&with_search(&self.features, &products))
        } else {
            self.features.clone()
        };
        (products, features)
    }

    /// The scopes that the choice comes to.
    pub(super) fn list(&self) -> ScopeList {
        let (products, features) = self.wanted();
        let mut list = smallest_scopes(&products, &features, self.family);
        if self.purpose == AppPurpose::Identity {
            list.scopes.retain(|need| need.scope == "read:me");
        }
        list
    }

    /// The address of the page with this choice, as far as the visitor made one.
    pub(super) fn query(&self, app: AppPurpose) -> String {
        if self.is_made { self.query_made(app) } else { format!("app={app}") }
    }

    /// The address of the page with this choice as one that the visitor made.
    pub(super) fn query_made(&self, app: AppPurpose) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("app", app.as_str()).append_pair("chosen", "1");
        query.append_pair("family", self.family.as_str());
        for feature in &self.features {
            match (feature, WRITABLE.iter().find(|(_, write)| write == feature)) {
                (_, Some((word, _))) => query.append_pair("write", word),
                (Feature::Webhooks, None) => query.append_pair("webhooks", "1"),
                (Feature::PersonalData, None) => &mut query,
                (feature, None) => query.append_pair("models", feature.as_str()),
            };
        }
        if self.search {
            query.append_pair("search", "1");
        }
        query.finish()
    }

    /// What `--models` says for this choice; `None` when it is what the server reads already.
    pub(super) fn models_flag(&self, read_here: &[Feature]) -> Option<String> {
        let (_, wanted) = self.wanted();
        let is_read = |feature: &&Feature| Feature::reading().contains(*feature);
        let chosen: Vec<&str> = wanted.iter().filter(is_read).map(|feature| feature.as_str()).collect();
        let here: Vec<&str> = read_here.iter().filter(is_read).map(|feature| feature.as_str()).collect();
        (chosen != here && self.purpose != AppPurpose::Identity).then(|| chosen.join(","))
    }

    /// The choice as the page shows it.
    pub(super) fn shown(&self) -> Value {
        let is_chosen = |feature: Feature| self.features.contains(&feature);
        let models: Vec<Value> = Feature::reading()
            .into_iter()
            .filter(|feature| *feature != Feature::Identity)
            .map(|feature| context! { word => feature.as_str(), checked => is_chosen(feature) })
            .collect();
        let writes: Vec<Value> = WRITABLE
            .into_iter()
            .map(|(word, feature)| context! { word => word, checked => is_chosen(feature) })
            .collect();
        let families: Vec<Value> = ScopeFamily::ALL
            .into_iter()
            .map(|family| context! { word => family.as_str(), checked => family == self.family })
            .collect();
        let apps: Vec<Value> = AppPurpose::ALL
            .into_iter()
            .map(|purpose| {
                context! {
                    word => purpose.as_str(), name => purpose.display_name(), here => purpose == self.purpose,
                    query => self.query(purpose),
                }
            })
            .collect();
        context! {
            app => self.purpose.as_str(),
            app_name => self.purpose.display_name(),
            is_identity => self.purpose == AppPurpose::Identity,
            apps => apps,
            models => models,
            writes => writes,
            families => families,
            webhooks => is_chosen(Feature::Webhooks),
            search => self.search,
            query => self.query(self.purpose),
        }
    }

    /// The scopes as the page shows them: row by row, as the console has them.
    pub(super) fn scopes_shown(&self) -> Value {
        let list = self.list();
        let rows: Vec<Value> = list
            .in_console_order()
            .into_iter()
            .map(|row| {
                let scopes: Vec<Value> = row
                    .scopes
                    .iter()
                    .map(|need| context! { scope => need.scope, what_for => need.what_for() })
                    .collect();
                let joined = row.scopes.iter().map(|need| need.scope).collect::<Vec<_>>().join(" ");
                context! { api => row.api, scopes => scopes, joined => joined }
            })
            .collect();
        let dead: Vec<Value> = DEAD_SCOPES
            .iter()
            .map(|dead| context! { scope => dead.scope, why => dead.why, replacement => dead.replacement })
            .collect();
        context! {
            rows => rows,
            joined => list.set().joined(),
            count => list.scopes.len(),
            limit => SCOPE_WARNING,
            too_long => list.is_too_long(),
            dead => dead,
        }
    }
}

#[cfg(test)]
mod tests {
    use linkspan_model::product::Integration;

    use super::*;

    fn choice(query: &str) -> Choice {
        Choice::of(&Params::parse(query), &Feature::usual())
    }

    #[test]
    fn without_a_choice_the_scopes_are_those_of_what_the_server_reads() {
        let expected =
            smallest_scopes(&[Product::Jira, Product::Confluence], &Feature::usual(), ScopeFamily::Classic);
        assert_eq!(choice("").list(), expected);
        assert_eq!(choice("").models_flag(&Feature::usual()), None);
    }

    #[test]
    fn what_nobody_chose_stays_unchosen_and_comes_to_the_same_when_it_is() {
        let unchosen = choice("app=jira");
        assert_eq!(unchosen.query(AppPurpose::Identity), "app=identity");
        let made = choice(&unchosen.query_made(unchosen.purpose));
        assert!(made.is_made && !unchosen.is_made);
        assert_eq!(made.list(), unchosen.list());
    }

    #[test]
    fn a_choice_survives_its_own_address() {
        let first = choice(
            "app=jira&chosen=1&models=tickets&models=comments&write=tickets&webhooks=1&search=1&family=granular",
        );
        let again = choice(&first.query(first.purpose));
        assert_eq!(first.list(), again.list());
        assert_eq!(first.query(first.purpose), again.query(again.purpose));
        let scopes = first.list().set();
        assert!(
            scopes.contains("write:issue:jira") || scopes.contains("write:jira-work"),
            "{}",
            scopes.joined()
        );
        assert!(scopes.iter().all(|scope| !scope.contains("confluence")), "{}", scopes.joined());
    }

    #[test]
    fn l12_search_over_one_product_asks_for_nothing_of_the_other_and_leaves_the_choice_as_it_is() {
        let tickets = choice("app=all&chosen=1&models=tickets&search=1");
        let scopes = tickets.list().set();
        assert!(scopes.iter().all(|scope| !scope.contains("confluence")), "{}", scopes.joined());
        assert_eq!(tickets.query(AppPurpose::All).matches("models=").count(), 1);
        let flag = tickets.models_flag(&Feature::usual()).unwrap();
        assert_eq!(flag, "tickets,people,groups,permissions");
        let articles = choice(&tickets.query(AppPurpose::Integration(Integration::Confluence)));
        assert!(articles.wanted().1.contains(&Feature::Restrictions));
    }

    #[test]
    fn the_app_for_identity_asks_for_nothing_else() {
        assert_eq!(choice("app=identity").list().set().joined(), "read:me");
    }

    #[test]
    fn words_that_are_not_known_are_passed_over() {
        let odd = choice("app=trello&chosen=1&models=nonsense&family=old&write=everything");
        assert_eq!(odd.purpose, AppPurpose::All);
        assert!(odd.list().set().contains("offline_access"));
    }
}
