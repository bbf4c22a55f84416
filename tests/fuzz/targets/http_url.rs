//! Any URL of HTTP: what can be read is shown in a form that reads back as the same; redirections never lead to secrets
//! being told to somebody else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::http::{Asking, Login, Protocol, Target};

fuzz_target!(|input: (&str, &str)| {
    let (text, to) = input;
    let Ok(target) = Target::parse(Protocol::Http, text) else { return };
    let shown = target.to_string();
    let again = Target::parse(Protocol::Http, &shown).expect("what is shown can be typed");
    assert_eq!((&again.carrier, &again.resource), (&target.carrier, &target.resource));
    let mut asking = Asking::new(target.clone());
    asking.login = Some(Login::parse("a:b").expect("a login"));
    asking.cookies = vec!["a=b".to_owned()];
    if let Ok(next) = asking.redirected(to)
        && !next.target.may_know_what_is_told_to(&target)
    {
        assert!(next.cookies.is_empty());
        assert_eq!(next.login, next.target.login);
    }
});
