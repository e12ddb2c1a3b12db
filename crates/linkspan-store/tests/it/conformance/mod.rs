//! The cases and their registration: one line each.

mod absence;
mod accounts;
mod batches;
mod erasure;
mod events;
mod feed;
mod files;
mod followers;
mod grants;
mod guards;
mod hints;
mod identities;
mod keys;
mod ledger;
mod links;
mod lists;
mod personal_data;
mod raws;
mod streams;
mod webhooks;

macro_rules! conformance {
    ($($module:ident::$case:ident,)*) => {
        /// The registered cases.
        pub(crate) const CASES: &[&str] = &[$(concat!(stringify!($module), "::", stringify!($case))),*];

        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (store, _directory) = linkspan_store::testing::fresh_sqlite().await.unwrap();
                super::$module::$case(store).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let schema = stringify!($case);
                if let Some(store) = linkspan_store::testing::fresh_postgres(schema).await.unwrap() {
                    super::$module::$case(store).await;
                }
            })*
        }
    };
}

conformance! {
    absence::s13_each_state_of_absence_is_told_apart_and_left_again,
    absence::s13_what_is_archived_stays_served_and_keeps_its_mark,
    absence::s13_projects_and_articles_tell_that_they_are_archived,
    absence::s13_lost_access_lets_nobody_through_and_is_let_go_in_time,
    absence::s13_what_was_removed_for_good_stays_removed,
    accounts::accounts_are_listed_by_filter_page_by_page,
    accounts::an_account_token_is_replaced_and_the_old_one_refused,
    accounts::g4_unlinking_retires_what_nobody_else_uses,
    accounts::l11_unlinking_destroys_the_data_keys,
    accounts::a_source_that_another_account_uses_survives_an_unlink,
    accounts::a_dead_grant_shows_on_its_accounts,
    batches::a_batch_is_written_whole_and_read_back,
    batches::unchanged_content_is_not_written_and_makes_no_entry,
    batches::changed_content_moves_modified_at_and_keeps_created_at,
    batches::of_repeated_ids_the_last_counts,
    batches::people_in_passing_never_overwrite,
    batches::children_that_are_not_listed_become_tombstones,
    batches::a_child_that_moves_is_not_removed_by_its_former_parent,
    batches::what_belongs_to_a_removed_record_goes_with_it,
    batches::a_removed_record_comes_back_under_the_same_id,
    batches::modified_at_grows_although_the_clock_stands,
    batches::an_abandoned_write_leaves_all_or_nothing,
    batches::racing_writers_of_one_source_each_get_their_own_moment,
    batches::a_batch_beyond_the_bound_is_refused,
    batches::large_batches_cross_every_chunk_size,
    erasure::g4_a_deleted_source_leaves_no_row_behind,
    erasure::l3_a_source_that_is_being_erased_takes_no_writes,
    erasure::l11_a_receipt_counts_what_was_erased_over_all_attempts,
    erasure::a_source_in_use_is_not_erased,
    erasure::the_fingerprint_ignores_when_and_how_often_things_were_written,
    erasure::the_fingerprint_sees_every_difference,
    events::one_cursor_orders_changes_and_events,
    events::linking_and_unlinking_are_told_with_their_transactions,
    events::a_death_of_a_grant_is_told_once_and_so_is_its_revival,
    events::an_account_that_another_person_revives_is_told_once,
    events::s16_a_stall_is_said_once_until_the_source_recovers,
    events::a_reader_of_everything_beside_writers_misses_nothing,
    feed::entries_come_in_the_order_of_what_happened,
    feed::s14_an_update_that_moves_a_record_tells_where_it_lay,
    feed::a_reader_never_passes_an_entry_that_is_still_to_come,
    feed::a_reader_beside_many_writers_sees_every_entry_once,
    feed::pages_of_the_feed_join_without_gap,
    files::a_file_that_is_expected_is_due_until_it_is_stored,
    files::s21_a_failure_has_its_reason_and_never_displaces_a_copy,
    files::a_new_version_is_expected_and_names_the_old_copy,
    files::a_copy_that_two_attachments_share_is_dropped_with_the_last,
    followers::a_follower_keeps_its_place_when_it_is_changed,
    followers::an_acknowledgement_that_comes_late_moves_nothing_back,
    followers::followers_are_bounded,
    grants::l1_of_refreshes_from_one_version_exactly_one_is_stored,
    grants::l1_the_refresh_lease_has_one_owner_at_a_time,
    grants::l1_a_lease_of_a_clock_that_was_set_back_is_none,
    grants::l3_a_late_refresh_cannot_overwrite_a_newer_consent,
    grants::l3_a_late_refresh_cannot_revive_an_unlinked_grant,
    grants::a_dead_grant_is_healed_by_a_new_consent,
    grants::the_grants_of_an_account_come_with_the_sites_read_through_them,
    guards::p7_a_record_without_access_entry_is_unknown,
    guards::p8_content_writes_leave_access_alone_and_the_reverse,
    guards::p8_racing_content_and_access_end_with_the_newest_of_each,
    guards::an_access_change_alone_moves_nothing_else,
    guards::equal_rules_are_stored_once,
    guards::m5_no_function_reaches_into_another_source,
    guards::group_members_are_replaced_as_a_snapshot,
    hints::w5_a_repeated_delivery_hints_once_and_later_ones_coalesce,
    hints::a_hint_whose_reading_failed_waits_unless_it_comes_again,
    hints::s15_what_waits_keeps_its_place,
    hints::w1_how_a_source_learns_of_changes_is_kept_beside_what_came,
    identities::l9_an_identity_state_is_used_once_in_its_browser,
    identities::l9_a_held_proof_counts_when_its_person_redeems_it,
    identities::l9_a_proof_brought_back_by_another_person_is_void,
    identities::g2_a_held_proof_is_forgotten_in_time,
    identities::p10_an_email_belongs_to_the_account_that_proved_it_last,
    identities::p10_an_unverified_address_is_not_taken_from_another,
    identities::p10_of_two_who_prove_one_address_at_a_time_one_has_it,
    identities::g4_erasing_an_account_leaves_nothing_of_its_identities,
    identities::identities_are_paged_without_gap,
    identities::a_setup_address_is_good_once_and_a_session_until_it_ends,
    keys::an_app_is_registered_and_replaced,
    keys::an_app_serves_its_purposes_and_goes_when_nothing_needs_it,
    keys::l12_an_app_that_serves_several_keeps_the_scopes_of_each,
    keys::l12_of_purposes_assigned_at_a_time_none_loses_its_scopes,
    keys::an_api_key_works_until_it_is_revoked,
    keys::of_racing_nodes_all_get_the_same_server_secret,
    keys::l11_a_destroyed_data_key_cannot_come_back,
    ledger::s23_the_ledger_holds_a_row_for_each_container,
    ledger::a_census_that_was_asked_for_stays_so_until_it_took_place,
    ledger::a_walk_is_kept_page_by_page_and_its_ids_come_back_in_order,
    ledger::what_lies_in_a_container_is_counted_and_listed_by_id,
    ledger::s12_what_hangs_on_nothing_that_is_stored_is_compared_too,
    ledger::s12_suspects_are_kept_with_the_moment_of_the_first_walk,
    ledger::l13_a_reduced_reach_stands_until_it_is_back_or_accepted,
    links::l9_an_oauth_state_is_used_once_however_many_ask,
    links::l9_another_browser_is_refused_and_uses_nothing_up,
    links::l9_an_expired_or_replaced_state_is_refused,
    links::l9_steps_out_of_order_are_refused,
    links::a_refused_link_can_be_started_again,
    links::a_link_is_completed_once,
    links::linking_again_keeps_the_account_and_its_token,
    links::linking_again_through_another_person_retires_the_former_source,
    links::a_public_token_stands_for_the_account_until_it_dies,
    links::expired_links_are_deleted,
    links::g4_a_consent_that_came_to_nothing_goes_with_its_link,
    links::l3_a_consent_on_its_way_keeps_the_grant_it_renews,
    lists::pages_yield_every_record_once_in_order,
    lists::paging_beside_writers_misses_nothing,
    lists::polling_by_modified_after_misses_nothing,
    lists::filters_narrow_the_list,
    lists::an_empty_list_of_containers_matches_nothing,
    lists::an_address_finds_its_contact_whatever_its_case_and_nobody_else,
    lists::counts_tell_live_and_removed_apart,
    lists::s2_what_changed_in_a_window_comes_in_order,
    personal_data::g1_accounts_are_noted_with_what_names_them,
    personal_data::g1_due_accounts_come_in_batches_and_only_when_due,
    personal_data::g1_an_answered_report_is_durable_and_a_new_cycle_replans,
    personal_data::g1_a_new_cycle_keeps_the_margin_that_reports_are_planned_with,
    personal_data::g1_who_proved_who_they_are_is_reported_by_the_app_that_was_set,
    personal_data::g3_a_changed_accounts_address_is_blank_until_proven_again,
    personal_data::g1_one_process_reports_for_an_app_at_a_time,
    personal_data::g1_a_failed_report_says_why_and_until_when,
    personal_data::g2_a_closed_account_is_due_no_more,
    personal_data::g2_a_writer_who_does_not_know_of_an_erasure_is_refused,
    personal_data::g2_rows_are_redacted_only_as_they_were_found,
    personal_data::g2_a_person_becomes_a_bare_tombstone,
    personal_data::g2_an_account_is_taken_out_of_groups_and_rules,
    personal_data::g2_receipts_hold_digests_and_counts,
    personal_data::g4_accounts_that_nothing_names_any_more_are_dropped,
    raws::raws_come_back_byte_for_byte,
    raws::raws_are_found_by_record_and_by_kind,
    raws::an_unchanged_raw_is_not_written_again,
    raws::raws_are_filtered_by_owner_time_and_problem,
    raws::s11_raws_that_a_whole_listing_lacks_are_removed,
    streams::a_checkpoint_is_stored_with_its_batch,
    streams::stream_states_are_kept_per_source,
    webhooks::an_endpoint_is_made_changed_and_deleted,
    webhooks::o9_secrets_overlap_until_they_expire,
    webhooks::deliveries_and_the_cursor_move_together,
    webhooks::a_lane_goes_out_in_order_and_others_go_on,
    webhooks::a_lost_claim_notes_nothing_and_is_taken_up_again,
    webhooks::of_many_claimers_each_delivery_has_one,
    webhooks::o8_an_endpoint_that_only_fails_is_disabled_with_notice,
    webhooks::o8_a_replayed_range_is_the_original_set,
    webhooks::deliveries_are_listed_newest_first_and_forgotten_in_time,
    webhooks::g4_deliveries_of_an_unlinked_account_are_gone,
    webhooks::a_delivery_is_dropped_or_put_off_under_its_claim_alone,
}
