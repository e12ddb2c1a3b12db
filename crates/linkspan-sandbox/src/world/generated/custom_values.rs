//! Values of custom fields of a made-up issue: some of every kind.

use std::sync::Arc;

use super::blocks::quote;
use super::issues::{GeneratedJira, Place};
use super::words::{LABELS, SENTENCES};
use crate::world::build::people::group;
use crate::world::build::schemes::field;
use crate::world::ids::{Day, FieldId, GroupIndex, Millis, OptionId, ProjectId};
use crate::world::jira::{CustomValue, IssueHead, ProjectKind};
use crate::world::rich::Rich;
use crate::world::seed::Dice;

impl GeneratedJira {
    /// Ascending by field.
    #[expect(clippy::too_many_lines, reason = "one short paragraph per field, in the order of the ids")]
    pub(super) fn custom_values(
        &self,
        place: Place,
        head: &IssueHead<'_>,
        epic: bool,
    ) -> Vec<(FieldId, CustomValue)> {
        let plan = &self.projects[place.project];
        let mut dice = Dice::at(self.seed, 0xcf, place.position);
        let mut values: Vec<(FieldId, CustomValue)> = Vec::with_capacity(16);
        let option = |field: u64, n: u64| OptionId(field * 100 + n);
        let software = plan.kind == ProjectKind::Software;
        if epic && !plan.team_managed {
            values.push((FieldId(10_011), CustomValue::Text(format!("Epic {}", head.number).into())));
        }
        if software && !epic && !plan.team_managed && dice.chance(500) {
            values.push((
                FieldId(10_016),
                CustomValue::Number([0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0][dice.index(7)]),
            ));
        }
        values.push((FieldId(10_019), CustomValue::Text(format!("0|i{:06x}:", place.position << 3).into())));
        if dice.chance(20) {
            values.push((FieldId(10_021), CustomValue::Options(vec![option(10_021, 0)])));
        }
        if plan.kind == ProjectKind::ServiceDesk && head.resolved.is_some() && dice.chance(300) {
            values.push((
                FieldId(10_034),
                CustomValue::Json(format!(r#"{{"rating":{}}}"#, 1 + dice.below(5)).into()),
            ));
        }
        if dice.chance(250) {
            let people = (0..=dice.index(3)).map(|_| *dice.pick(&self.staff)).collect();
            values.push((field::REVIEWERS, CustomValue::Users(people)));
        }
        if dice.chance(250) {
            values.push((field::ACCOUNTABLE, CustomValue::User(*dice.pick(&self.staff))));
        }
        let any_group = |dice: &mut Dice| {
            GroupIndex(
                group::JIRA_USERS.0 + u32::try_from(dice.below(u64::from(self.groups - 1))).unwrap_or(0),
            )
        };
        if dice.chance(150) {
            let groups = (0..=dice.index(2)).map(|_| any_group(&mut dice)).collect();
            values.push((field::AUDIENCE, CustomValue::Groups(groups)));
        }
        if dice.chance(60) {
            values.push((FieldId(10_043), CustomValue::Group(any_group(&mut dice))));
        }
        if dice.chance(300) {
            values
                .push((FieldId(10_050), CustomValue::Text(format!("MV Sandbox {}", dice.below(900)).into())));
        }
        if dice.chance(100) {
            values.push((FieldId(10_051), CustomValue::Rich(Rich::Adf(self.document(&mut dice, 2, None)))));
        }
        if dice.chance(100) {
            let centimetres = u32::try_from(dice.below(2_000)).unwrap_or(0);
            values.push((FieldId(10_052), CustomValue::Number(f64::from(centimetres) / 100.0)));
        }
        if dice.chance(80) {
            let day = Day::try_from(head.created / 86_400_000).unwrap_or(0);
            values.push((FieldId(10_053), CustomValue::Date(day + 30)));
        }
        if dice.chance(80) {
            values.push((
                FieldId(10_054),
                CustomValue::DateTime(
                    head.created + 86_400_000 + Millis::try_from(dice.below(86_400_000)).unwrap_or(0),
                ),
            ));
        }
        if dice.chance(200) {
            values.push((FieldId(10_055), CustomValue::Option(option(10_055, dice.below(5)))));
        }
        if dice.chance(80) {
            let first = dice.below(4);
            values.push((
                FieldId(10_056),
                CustomValue::Options(vec![option(10_056, first), option(10_056, first + 1)]),
            ));
        }
        if dice.chance(80) {
            values.push((FieldId(10_057), CustomValue::Option(option(10_057, dice.below(3)))));
        }
        if dice.chance(80) {
            values.push((FieldId(10_058), CustomValue::Options(vec![option(10_058, dice.below(3))])));
        }
        if dice.chance(80) {
            let parent = dice.below(2);
            let child = dice.chance(700).then(|| option(10_059, (parent + 1) * 10 + dice.below(3)));
            values.push((FieldId(10_059), CustomValue::Cascade(option(10_059, parent), child)));
        }
        if dice.chance(40) {
            values.push((
                FieldId(10_060),
                CustomValue::Project(ProjectId(10_000 + dice.below(self.projects.len() as u64))),
            ));
        }
        if let Some(set) = plan.versions.last().filter(|set| !set.is_empty() && dice.chance(60)) {
            values.push((FieldId(10_061), CustomValue::Versions(set[..1].to_vec())));
            values.push((FieldId(10_062), CustomValue::Versions(set.clone())));
        }
        if dice.chance(60) {
            values.push((FieldId(10_063), CustomValue::Labels(vec![Arc::from(dice.word(&LABELS))])));
        }
        if dice.chance(60) {
            values.push((
                FieldId(10_064),
                CustomValue::Text(format!("https://example.com/ref/{}?x=1&y=2", place.position).into()),
            ));
        }
        if dice.chance(60) {
            values.push((FieldId(10_065), CustomValue::Text(format!("EXT-{}", place.position).into())));
        }
        if dice.chance(60) {
            values.push((FieldId(10_066), CustomValue::Text(Arc::from(dice.word(&SENTENCES)))));
        }
        if dice.chance(60) {
            let number = dice.below(5);
            let id = crate::world::seed::uuid(0x7ea, number);
            let name = quote(&format!("Team {number}"));
            values.push((FieldId(10_067), CustomValue::Json(format!(r#"{{"id":"{id}","name":{name},"avatarUrl":"","isVisible":true,"isVerified":true,"title":{name},"isShared":true}}"#).into())));
        }
        if software && !epic && plan.team_managed && dice.chance(500) {
            values.push((
                FieldId(20_000 + plan.id.0 - 10_000),
                CustomValue::Number([1.0, 2.0, 3.0, 5.0][dice.index(4)]),
            ));
        }
        values
    }
}
