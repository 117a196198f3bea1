#!/bin/sh
# Finds the program cctelegram and becomes it. It is not part of the plugin: nothing is downloaded here.
if [ -n "$CLAUDE_PLUGIN_OPTION_HOME" ]; then
    CC_TELEGRAM_HOME=$CLAUDE_PLUGIN_OPTION_HOME
    export CC_TELEGRAM_HOME
fi
program=${CLAUDE_PLUGIN_OPTION_PROGRAM:-$(command -v cctelegram)}
# Agents that are started from a desktop may have a short PATH.
for usual in "$HOME/.cargo/bin/cctelegram" "$HOME/.local/bin/cctelegram" /usr/local/bin/cctelegram; do
    [ -n "$program" ] && break
    [ -x "$usual" ] && program=$usual
done
if [ -n "$program" ] && [ -f "$program" ] && [ -x "$program" ]; then
    exec "$program" "$@"
fi

message="CCTelegram: the program ${program:-cctelegram} is not there, so nobody is asked and no rule of policy.toml holds. Install it, or name it with: claude plugin configure cctelegram@cctelegram"
# At the start of a session the message is for the person: Claude Code shows what hooks say there.
if [ "$1" = hook ]; then
    case $(cat) in
        *'"hook_event_name":"SessionStart"'*)
            printf '{"systemMessage":"%s"}\n' "$(printf '%s' "$message" | tr -d '"\\[:cntrl:]')"
            exit 0
            ;;
    esac
fi
printf '%s\n' "$message" >&2
exit 1
