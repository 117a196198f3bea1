"""A bot on aiogram: everything it is asked to do, the emulator must answer as Telegram does."""

import asyncio

from phone import ADA, BOB, STRANGER, equal, png, refused, run

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    ChatMemberUpdated,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReactionTypeEmoji,
    ReplyParameters,
)
from aiogram.utils.formatting import Bold, Pre, Text, TextLink

KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="Yes", callback_data="yes", style="success"),
            InlineKeyboardButton(text="No", callback_data="no", style="danger"),
        ],
        [InlineKeyboardButton(text="Docs", url="https://example.org/")],
    ]
)
GREETING = Text(Bold("Hello"), " 👋 ", TextLink("Ada", url="https://example.org/"), ": ", Pre("let x = 1;", language="rust"))
PLAIN = "Hello 👋 Ada: let x = 1;"


class Patient(BaseRequestMiddleware):
    """Obeys `retry_after`, as aiogram's manual says to."""

    async def __call__(self, make_request, bot, method):
        try:
            return await make_request(bot, method)
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
            return await make_request(bot, method)


class Seen:
    """What the handlers were given."""

    def __init__(self):
        self.changes = []
        self.errors = []


def dispatcher(seen):
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart(deep_link=True))
    async def start(message: Message, command: CommandObject):
        equal((message.chat.type, message.from_user.id, command.args), ("private", ADA, "deep-link"))
        await message.answer(**GREETING.as_kwargs(), reply_markup=KEYBOARD)

    @dispatcher.callback_query(F.data == "yes")
    async def pressed(query: CallbackQuery):
        equal(query.from_user.id, ADA)
        equal(plain(query.message.reply_markup), plain(KEYBOARD))
        await query.answer("Noted", show_alert=True)
        edited = await query.message.edit_text("You said yes")
        equal((edited.text, edited.reply_markup, edited.edit_date is not None), ("You said yes", None, True))

    @dispatcher.message(F.reply_to_message)
    async def answered(message: Message, bot: Bot):
        equal(message.reply_to_message.text, "You said yes")
        equal(message.reply_to_message.from_user.id, bot.id)
        sent = await message.reply(f"You wrote: {message.text}")
        equal(sent.reply_to_message.message_id, message.message_id)

    @dispatcher.my_chat_member()
    async def standing(update: ChatMemberUpdated):
        seen.changes.append((update.old_chat_member.status, update.new_chat_member.status))

    @dispatcher.errors()
    async def failed(event):
        seen.errors.append(event.exception)

    return dispatcher


def plain(markup):
    """A keyboard without the bot that the library hangs on everything it receives."""
    return markup.model_dump(exclude_none=True)


def texts(commands):
    return [(it.command, it.description) for it in commands]


async def settings(bot):
    me = await bot.get_me()
    equal((me.is_bot, me.username), (True, "cctelegram_demo_bot"))
    commands = [BotCommand(command="start", description="Begin"), BotCommand(command="status", description="How it is")]
    equal(await bot.set_my_commands(commands), True)
    equal(texts(await bot.get_my_commands()), texts(commands))
    scope = BotCommandScopeChat(chat_id=ADA)
    await bot.set_my_commands(commands[:1], scope=scope, language_code="de")
    equal(texts(await bot.get_my_commands(scope=scope, language_code="de")), texts(commands[:1]))
    await bot.delete_my_commands(scope=scope, language_code="de")
    equal(await bot.get_my_commands(scope=scope, language_code="de"), [])
    chat = await bot.get_chat(ADA)
    equal((chat.type, chat.first_name, chat.username), ("private", "Ada", "ada"))


async def webhook(bot):
    equal((await bot.get_webhook_info()).url, "")
    await refused(TelegramBadRequest, "HTTPS URL must be provided", bot.set_webhook("http://example.org/"))
    await bot.set_webhook("https://example.org/hook", secret_token="s3", max_connections=5)
    info = await bot.get_webhook_info()
    equal((info.url, info.has_custom_certificate, info.max_connections), ("https://example.org/hook", False, 5))
    await refused(TelegramConflictError, "webhook is active", bot.get_updates())
    equal(await bot.delete_webhook(drop_pending_updates=True), True)
    equal((await bot.get_webhook_info()).url, "")


async def conversation(phone, seen):
    phone.act("send_text", user_id=ADA, text="/start deep-link")
    greeting = await phone.last(PLAIN)
    shown = [(it["type"], it["offset"], it["length"]) for it in greeting["entities"]]
    equal(shown, [("bold", 0, 5), ("text_link", 9, 3), ("pre", 14, 10)])
    styles = [[it["style"] for it in row] for row in greeting["keyboard"]]
    equal(styles, [["success", "danger"], [None]])
    press = phone.act("press", user_id=ADA, message_id=greeting["message_id"], label="Yes")
    edited = await phone.last("You said yes")
    equal(edited["message_id"], greeting["message_id"])
    equal((edited["keyboard"], edited["edits"]), ([], 1))
    answer = phone.look("answer", f"callback_id={press['callback_id']}")
    equal(answer, {"text": "Noted", "show_alert": True})
    phone.act("reply", user_id=ADA, to_message=edited["message_id"], text="good")
    await phone.last("You wrote: good")
    equal(seen.errors, [])


async def files(bot, phone):
    content = bytes(range(256)) * 40
    sent = await bot.send_document(ADA, BufferedInputFile(content, "bytes.bin"), caption="Raw bytes")
    equal((sent.document.file_name, sent.document.file_size), ("bytes.bin", len(content)))
    downloaded = await bot.download(sent.document)
    equal(downloaded.read(), content)
    again = await bot.send_document(ADA, sent.document.file_id)
    equal(again.document.file_unique_id, sent.document.file_unique_id)
    picture = BufferedInputFile(png(320, 200), "black.png")
    photo = await bot.send_photo(ADA, picture, caption="Black", reply_markup=KEYBOARD)
    equal((photo.photo[-1].width, photo.photo[-1].height), (320, 200))
    equal((await bot.download(photo.photo[-1])).read(), png(320, 200))
    captioned = await bot.edit_message_caption(chat_id=ADA, message_id=photo.message_id, caption="Still black")
    equal((captioned.caption, captioned.reply_markup), ("Still black", None))
    await refused(TelegramBadRequest, "file_id", bot.get_file("no-such-file"))
    empty = BufferedInputFile(b"", "empty")
    await refused(TelegramBadRequest, "file must be non-empty", bot.send_document(ADA, empty))


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
    keyboard = await bot.edit_message_reply_markup(chat_id=ADA, message_id=sent.message_id, reply_markup=KEYBOARD)
    equal(plain(keyboard.reply_markup), plain(KEYBOARD))
    equal(await sent.react([ReactionTypeEmoji(emoji="👍")]), True)
    equal(phone.message(sent.message_id)["reaction"], "👍")
    equal(await sent.react([]), True)
    equal(phone.message(sent.message_id)["reaction"], None)
    equal(await bot.send_chat_action(ADA, "typing"), True)
    equal(phone.look("state")["people"][0]["typing"], True)
    equal(await sent.delete(), True)
    await refused(TelegramBadRequest, "message to delete not found", bot.delete_message(ADA, sent.message_id))
    missing = ReplyParameters(message_id=sent.message_id, allow_sending_without_reply=True)
    equal((await bot.send_message(ADA, "Anyway", reply_parameters=missing)).reply_to_message, None)


async def errors(bot, phone):
    sent = await bot.send_message(ADA, "Once")
    wrong_reply = ReplyParameters(message_id=4711)
    for words, call in [
        ("chat not found", bot.send_message(STRANGER, "Hello")),
        ("message text is empty", bot.send_message(ADA, " \n ")),
        ("message is too long", bot.send_message(ADA, "a" * 4097)),
        ("message is not modified", sent.edit_text("Once")),
        ("message to edit not found", bot.edit_message_text("Twice", chat_id=ADA, message_id=4711)),
        ("message to be replied not found", bot.send_message(ADA, "Re", reply_parameters=wrong_reply)),
        ("query is too old", bot.answer_callback_query("1")),
        ("REACTION_INVALID", sent.react([ReactionTypeEmoji(emoji="🧨")])),
    ]:
        await refused(TelegramBadRequest, words, call)
    await refused(TelegramForbiddenError, "can't initiate conversation", bot.send_message(BOB, "Hello"))
    phone.act("block", user_id=ADA)
    await refused(TelegramForbiddenError, "bot was blocked by the user", bot.send_message(ADA, "Hello?"))
    phone.act("unblock", user_id=ADA)
    await bot.send_message(ADA, "Welcome back")


async def limits(bot, phone):
    phone.act("set_limits", on=True)
    for number in range(3):
        await bot.send_message(ADA, f"Burst {number}")
    error = await refused(TelegramRetryAfter, "retry after 1", bot.send_message(ADA, "Too soon"))
    equal(error.retry_after, 1)
    bot.session.middleware(Patient())
    await bot.send_message(ADA, "Patient")
    await phone.last("Patient")
    equal([it["status"] for it in phone.calls("sendMessage")[-2:]], [429, 200])
    phone.act("set_limits", on=False)


async def main(phone, token):
    api = TelegramAPIServer.from_base(phone.url)
    seen = Seen()
    async with Bot(token, session=AiohttpSession(api=api)) as bot:
        await settings(bot)
        await webhook(bot)
        bots = dispatcher(seen)
        polling = asyncio.create_task(bots.start_polling(bot, polling_timeout=10, handle_signals=False))
        await conversation(phone, seen)
        await files(bot, phone)
        await small_things(bot, phone)
        await errors(bot, phone)
        await phone.until("both changes of standing", lambda: len(seen.changes) == 2)
        equal(seen.changes, [("member", "kicked"), ("kicked", "member")])
        await limits(bot, phone)
        last = phone.look("pending_updates")
        equal(last, 0, "confirmed by the offset of the next poll")
        await bots.stop_polling()
        await polling
        equal(seen.errors, [])
    wrong = Bot("123456:another", session=AiohttpSession(api=api))
    async with wrong:
        await refused(TelegramUnauthorizedError, "Unauthorized", wrong.get_me())


run(main)
