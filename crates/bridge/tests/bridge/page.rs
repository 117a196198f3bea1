//! The demo's phone in a real browser: what a person sees and presses there reaches the one who asked.
use cctelegram_testkit::Browser;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::until;
use serde_json::json;

use crate::steps::setup;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_in_the_page_and_the_answer_arrives() {
    let bridge = TestBridge::start(setup()).await;
    let browser = Browser::start().await;
    browser.open(&bridge.emulator.url()).await;
    let event = json!({
        "type": "approval_request", "title": "<b>May I?</b>", "event_id": "page-1",
        "data": { "command": "rm -rf build/ && echo '<script>document.title = 1</script>'" }
    });
    bridge.drop_event("ask", &event);
    browser.click(".ikb", "Approve").await;
    assert_eq!(bridge.response("page-1.json").await["response"], "approve");
    bridge.message_with(USER, "Approved by").await;
    let text = until("the page shows the decision", async || {
        let text = browser.script("return document.body.innerText").await;
        text.as_str()
            .filter(|text| text.contains("Approved by"))
            .map(str::to_owned)
    })
    .await;
    // The presser is told before the message is edited.
    until("the buttons are gone", async || {
        let count = "return document.querySelectorAll('.ikb').length";
        (browser.script(count).await == 0).then_some(())
    })
    .await;
    assert!(
        text.contains("<b>May I?</b>"),
        "hostile text is shown as text:\n{text}"
    );
    browser.close().await;
    bridge.finish().await;
}
