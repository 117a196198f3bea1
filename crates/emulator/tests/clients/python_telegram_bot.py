"""A bot on python-telegram-bot: everything it is asked to do, the emulator must answer as Telegram does."""

from phone import ADA, BOB, STRANGER, equal, png, refused, run

from telegram import (
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    ReactionTypeEmoji,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, ChatType
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter
from telegram.ext import (
    AIORateLimiter,
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

GREETING = "Hello 👋 Ada, read this: let x = 1;"
KEYBOARD = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("Yes", callback_data="yes"), InlineKeyboardButton("No", callback_data="no")],
        [InlineKeyboardButton("Docs", url="https://example.org/")],
    ]
)


def entities():
    marked = [
        MessageEntity(MessageEntity.BOLD, 0, 5),
        MessageEntity(MessageEntity.CUSTOM_EMOJI, 6, 1, custom_emoji_id="5368324170671202286"),
        MessageEntity(MessageEntity.TEXT_LINK, 8, 3, url="https://example.org/"),
        MessageEntity(MessageEntity.PRE, 24, 10, language="rust"),
    ]
    # The library turns Python's offsets into UTF-16 units.
    return MessageEntity.adjust_message_entities_to_utf_16(GREETING, marked)


async def start(update, context):
    equal(update.message.chat.type, ChatType.PRIVATE)
    equal(update.effective_user.id, ADA)
    equal(context.args, ["deep-link"])
    equal(update.message.entities[0].type, MessageEntity.BOT_COMMAND)
    await update.message.reply_text(GREETING, entities=entities(), reply_markup=KEYBOARD)


async def pressed(update, context):
    query = update.callback_query
    equal(query.data, "yes")
    equal(query.message.is_accessible, True)
    equal(query.message.reply_markup, KEYBOARD)
    await query.answer("Noted", show_alert=True)
    edited = await query.edit_message_text("You said yes", entities=[MessageEntity("italic", 9, 3)])
    equal(edited.text, "You said yes")
    equal(edited.reply_markup, None)
    equal(edited.edit_date is not None, True)


async def answered(update, context):
    original = update.message.reply_to_message
    equal(original.text, "You said yes")
    equal(original.from_user.id, context.bot.id)
    sent = await update.message.reply_text(f"You wrote: {update.message.text}", do_quote=True)
    equal(sent.reply_to_message.message_id, update.message.message_id)


async def blocked(update, context):
    changes = context.bot_data.setdefault("changes", [])
    member = update.my_chat_member
    changes.append((member.old_chat_member.status, member.new_chat_member.status))


async def failed(update, context):
    context.bot_data.setdefault("errors", []).append(context.error)


def application(phone, token):
    app = (
        Application.builder()
        .token(token)
        .base_url(f"{phone.url}/bot")
        .base_file_url(f"{phone.url}/file/bot")
        .rate_limiter(AIORateLimiter(max_retries=2))
        .build()
    )
    app.add_handler(CommandHandler("start", start))
    app.add_handler(CallbackQueryHandler(pressed))
    app.add_handler(MessageHandler(filters.REPLY & filters.TEXT, answered))
    app.add_handler(ChatMemberHandler(blocked, ChatMemberHandler.MY_CHAT_MEMBER))
    app.add_error_handler(failed)
    return app


async def settings(bot):
    me = await bot.get_me()
    equal((me.is_bot, me.username), (True, "cctelegram_demo_bot"))
    commands = [BotCommand("start", "Begin"), BotCommand("status", "How it is")]
    equal(await bot.set_my_commands(commands), True)
    equal(await bot.get_my_commands(), tuple(commands))
    scope = BotCommandScopeChat(ADA)
    await bot.set_my_commands(commands[:1], scope=scope, language_code="de")
    equal(await bot.get_my_commands(scope=scope, language_code="de"), tuple(commands[:1]))
    await bot.delete_my_commands(scope=scope, language_code="de")
    equal(await bot.get_my_commands(scope=scope, language_code="de"), ())
    equal((await bot.get_my_commands())[1].command, "status")
    chat = await bot.get_chat(ADA)
    equal((chat.type, chat.first_name, chat.username), ("private", "Ada", "ada"))


async def webhook(bot):
    equal((await bot.get_webhook_info()).url, "")
    await refused(BadRequest, "HTTPS URL must be provided", bot.set_webhook("http://example.org/"))
    await bot.set_webhook("https://example.org/hook", secret_token="s3", max_connections=5)
    info = await bot.get_webhook_info()
    equal((info.url, info.has_custom_certificate, info.max_connections), ("https://example.org/hook", False, 5))
    await refused(Conflict, "webhook is active", bot.get_updates())
    equal(await bot.delete_webhook(drop_pending_updates=True), True)
    equal((await bot.get_webhook_info()).url, "")


async def conversation(app, phone):
    phone.act("send_text", user_id=ADA, text="/start deep-link")
    greeting = await phone.last(GREETING)
    shown = [(it["type"], it["offset"], it["length"]) for it in greeting["entities"]]
    equal(shown, [("bold", 0, 5), ("custom_emoji", 6, 2), ("text_link", 9, 3), ("pre", 25, 10)])
    labels = [[it["text"] for it in row] for row in greeting["keyboard"]]
    equal(labels, [["Yes", "No"], ["Docs"]])
    press = phone.act("press", user_id=ADA, message_id=greeting["message_id"], label="Yes")
    edited = await phone.last("You said yes")
    equal(edited["message_id"], greeting["message_id"])
    equal((edited["keyboard"], edited["edits"]), ([], 1))
    answer = phone.look("answer", f"callback_id={press['callback_id']}")
    equal(answer, {"text": "Noted", "show_alert": True})
    phone.act("reply", user_id=ADA, to_message=edited["message_id"], text="good")
    await phone.last("You wrote: good")
    equal(app.bot_data.get("errors"), None)


async def files(bot, phone):
    content = bytes(range(256)) * 40
    sent = await bot.send_document(
        ADA, content, filename="bytes.bin", caption="Raw bytes", caption_entities=[MessageEntity("code", 0, 3)]
    )
    equal((sent.document.file_name, sent.document.file_size), ("bytes.bin", len(content)))
    equal((sent.caption, sent.caption_entities[0].type), ("Raw bytes", "code"))
    file = await bot.get_file(sent.document.file_id)
    equal(bytes(await file.download_as_bytearray()), content)
    again = await bot.send_document(ADA, sent.document.file_id)
    equal(again.document.file_unique_id, sent.document.file_unique_id)
    photo = await bot.send_photo(ADA, png(320, 200), caption="Black", reply_markup=KEYBOARD)
    equal((photo.photo[-1].width, photo.photo[-1].height), (320, 200))
    downloaded = await (await bot.get_file(photo.photo[-1])).download_as_bytearray()
    equal(bytes(downloaded), png(320, 200))
    captioned = await bot.edit_message_caption(ADA, photo.message_id, caption="Still black")
    equal((captioned.caption, captioned.reply_markup), ("Still black", None))
    equal(phone.message(photo.message_id)["caption"], "Still black")
    await refused(BadRequest, "file_id", bot.get_file("no-such-file"))
    await refused(BadRequest, "file must be non-empty", bot.send_document(ADA, b"", filename="empty"))


async def small_things(bot, phone):
    sent = await bot.send_message(
        ADA,
        "Quiet https://example.org/",
        disable_notification=True,
        protect_content=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    equal((sent.has_protected_content, sent.link_preview_options.is_disabled), (True, True))
    equal(phone.message(sent.message_id)["silent"], True)
    keyboard = await bot.edit_message_reply_markup(ADA, sent.message_id, reply_markup=KEYBOARD)
    equal(keyboard.reply_markup, KEYBOARD)
    equal(await bot.set_message_reaction(ADA, sent.message_id, ReactionTypeEmoji("👍")), True)
    equal(phone.message(sent.message_id)["reaction"], "👍")
    equal(await bot.set_message_reaction(ADA, sent.message_id), True)
    equal(phone.message(sent.message_id)["reaction"], None)
    equal(await bot.send_chat_action(ADA, ChatAction.TYPING), True)
    equal(phone.look("state")["people"][0]["typing"], True)
    equal(await bot.delete_message(ADA, sent.message_id), True)
    await refused(BadRequest, "message to delete not found", bot.delete_message(ADA, sent.message_id))
    missing = ReplyParameters(sent.message_id, allow_sending_without_reply=True)
    equal((await bot.send_message(ADA, "Anyway", reply_parameters=missing)).reply_to_message, None)


async def errors(bot, phone):
    sent = await bot.send_message(ADA, "Once")
    for words, call in [
        ("chat not found", bot.send_message(STRANGER, "Hello")),
        ("message text is empty", bot.send_message(ADA, " \n ")),
        ("message is too long", bot.send_message(ADA, "a" * 4097)),
        ("message is not modified", bot.edit_message_text("Once", ADA, sent.message_id)),
        ("message to edit not found", bot.edit_message_text("Twice", ADA, 4711)),
        ("message to be replied not found", bot.send_message(ADA, "Re", reply_to_message_id=4711)),
        ("can't parse entities", bot.send_message(ADA, "Hi", entities=[MessageEntity("bold", 0, 3)])),
        ("query is too old", bot.answer_callback_query("1")),
        ("REACTION_INVALID", bot.set_message_reaction(ADA, sent.message_id, "🧨")),
    ]:
        await refused(BadRequest, words, call)
    await refused(Forbidden, "can't initiate conversation", bot.send_message(BOB, "Hello"))
    phone.act("block", user_id=ADA)
    await refused(Forbidden, "bot was blocked by the user", bot.send_message(ADA, "Hello?"))
    phone.act("unblock", user_id=ADA)
    await bot.send_message(ADA, "Welcome back")


async def limits(bot, phone, plain):
    phone.act("set_limits", on=True)
    for number in range(3):
        await plain.send_message(ADA, f"Burst {number}")
    error = await refused(RetryAfter, "Retry in 1 seconds", plain.send_message(ADA, "Too soon"))
    equal(error.retry_after, 1)
    # With a rate limiter the library waits as long as it was told, and sends again.
    await bot.send_message(ADA, "Patient")
    await phone.last("Patient")
    equal([it["status"] for it in phone.calls("sendMessage")[-2:]], [429, 200])
    phone.act("set_limits", on=False)


async def main(phone, token):
    app = application(phone, token)
    plain = Application.builder().token(token).base_url(f"{phone.url}/bot").build()
    async with app, plain:
        await settings(app.bot)
        await webhook(app.bot)
        await app.updater.start_polling(timeout=10, allowed_updates=Update.ALL_TYPES)
        await app.start()
        await conversation(app, phone)
        await files(app.bot, phone)
        await small_things(app.bot, phone)
        await errors(app.bot, phone)
        await phone.until("both changes of standing", lambda: len(app.bot_data.get("changes", [])) == 2)
        equal(app.bot_data["changes"], [("member", "kicked"), ("kicked", "member")])
        await limits(app.bot, phone, plain.bot)
        await app.updater.stop()
        await app.stop()
        equal(app.bot_data.get("errors"), None)
    equal(phone.look("pending_updates"), 0, "confirmed by the offset of the last poll")
    polls = phone.calls("getUpdates")
    equal(any(it["params"].get("offset", 0) > 100_000_000 for it in polls), True, "polls with an offset")
    wrong = Application.builder().token("123456:another").base_url(f"{phone.url}/bot").build()
    await refused(InvalidToken, "was rejected", wrong.initialize())


run(main)
