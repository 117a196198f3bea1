//! Who is admitted, and where routes lead.

use super::*;

#[test]
fn security_two_different_lists_of_users_stop_the_start() {
    let (one, other) = ("TELEGRAM_ALLOWED_USERS", "CC_TELEGRAM_ALLOWED_USERS");
    for (first, second) in [("1", "2"), ("1", "1,2"), ("*", "1"), ("", "1")] {
        let told = mistakes(&[(one, first)], &format!("{other}={second}"), "");
        assert_eq!(told.len(), 1, "{first} {second}");
    }
    assert_eq!(
        good(&[(one, "1,2"), (other, "2, 1")], "", "")
            .people
            .users()
            .len(),
        2
    );
    assert!(
        good(&[(one, "")], "TELEGRAM_ALLOWED_USERS=1", "")
            .people
            .users()
            .is_empty()
    );
    assert!(!mistakes(&[(one, "1,@alice")], "", "").is_empty());
}

#[test]
fn security_a_star_gives_nobody_full_rights() {
    let config = good(
        &[("TELEGRAM_ALLOWED_USERS", "*")],
        "",
        "[[users]]\nid = 7\npaired = true\n",
    );
    let people = &config.people;
    assert_eq!(people.allowed, AllowList::Everyone);
    assert!(
        people.admits_anybody_to_help() && people.admits(UserId(7)) && !people.admits(UserId(8))
    );
    assert_eq!(people.chats(), BTreeSet::from([ChatId(7)]));
    assert_eq!(config.warnings.len(), 1);
}

#[test]
fn users_of_both_places_are_merged_and_routes_lead_to_them() {
    let document = "[[users]]\nid = 7\nname = \"Alice\"\n[[route]]\nmatch = { severity = \"error\", type = \"ci\" }\nchats = [7, 8]\n";
    let people = good(&[("TELEGRAM_ALLOWED_USERS", "8")], "", document).people;
    assert_eq!(people.users(), BTreeSet::from([UserId(7), UserId(8)]));
    assert_eq!(people.routes.first().unwrap().chats, [ChatId(7), ChatId(8)]);
}
