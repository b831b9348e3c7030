"""Tools put together from a verb and a thing, with requests that say both in other words.

It stands alone because it teaches what no list of tools can: that verb and thing must both fit,
whatever they are. `delete_invoice` fits "throw the invoice away" and neither "send the invoice" nor
"throw the photo away", nor the question who wrote the invoice.
"""

from collections.abc import Iterator
from random import Random

_VERBS = """
create: create, make, set up, add, generate
delete: delete, remove, erase, get rid of, throw away, discard, wipe
list: list, show me all of, give me an overview of, enumerate
open: open, bring up, pull up
close: close, shut
start: start, launch, begin, kick off, fire up, run
stop: stop, halt, end, terminate, abort
pause: pause, suspend, put on hold, interrupt
resume: resume, continue, carry on with, go on with
lock: lock, secure, lock up
unlock: unlock, take the lock off
enable: enable, activate, turn on, switch on
disable: disable, deactivate, turn off, switch off
increase: increase, raise, turn up, bump up
decrease: decrease, reduce, lower, turn down, cut
send: send, send out, dispatch
rename: rename, change the name of, give a new name to
copy: copy, duplicate, clone, make a second one of
move: move, relocate, shift
archive: archive, put away, store for later
restore: restore, bring back, recover, undelete
update: update, edit, change, modify, adjust
find: find, search for, look for, locate
count: count, tell me the number of, say how many there are of
print: print, print out, put on paper
download: download, fetch, get a local copy of
upload: upload, put online, push to the server
share: share, give others access to, let the team see
approve: approve, accept, sign off on, give the green light to
reject: reject, decline, refuse, turn down
book: book, reserve
cancel: cancel, call off
repair: repair, fix, mend
clean: clean, tidy up, wash
sort: sort, put in order, order by date
merge: merge, combine, join together
split: split, divide, break up
export: export, save to a file
import: import, read in from a file
compare: compare, show the differences of
mute: mute, silence
unmute: unmute, make audible again
pin: pin, keep on top
unpin: unpin, no longer keep on top
postpone: postpone, put off, delay
pay: pay, settle
refund: refund, pay back, return the money for
track: track, follow, keep an eye on
verify: verify, check that nothing is wrong with, validate
translate: translate, put into another language
summarise: summarise, sum up, give me the gist of
encrypt: encrypt, scramble, protect with a password
decrypt: decrypt, make readable again
publish: publish, make public, release
hide: hide, make invisible
assign: assign, hand over, give to somebody
compress: compress, shrink, zip
"""
_COUSINS = """
delete stop cancel reject archive hide disable clean
create start open book import enable upload publish
find list verify count track compare summarise open print download
update rename move adjust sort assign postpone merge split increase decrease repair
pause stop postpone disable mute hide
resume start restore unmute enable
unlock open enable decrypt
lock close disable encrypt hide mute
send share publish upload export assign pay
copy download export import print archive compress
refund restore
start open enable resume track
approve verify pay
archive compress hide export encrypt
publish share unlock
"""
_THINGS = """
invoice/bill, photo/picture, car/vehicle, meeting/appointment, task/to-do, film/movie,
song/track, user/account, customer/client, order/purchase, document/paper, folder/directory,
phone/mobile, computer/machine, message/note to the team, ticket/support request, backup/safety
copy, report, database, server, container, playlist, garage door, window, curtain, heating,
robot, printer, camera, contract, password, certificate, job/position, lesson/class, room,
flight, hotel stay, parcel/package, newsletter, calendar, contact, recipe, shopping list, budget,
payment, subscription, coupon/voucher, review, survey/questionnaire, podcast, album, video/clip,
slide deck/presentation, spreadsheet/table, chart/diagram, dashboard, alert/warning, log file,
branch, pull request, release, test run, pipeline, virtual machine, cluster, firewall rule,
network, domain name, web page/site, form, comment/remark, channel, group, event, reminder,
alarm, timer, bookmark, tab, download, wallpaper, map, route, tour/trip, reservation/booking,
loan, insurance policy, claim, tax return, account statement, card, transfer, patient
file/medical record, prescription, vaccine, sensor, valve, pump, motor, conveyor/belt, drill,
greenhouse, sprinkler, gate, elevator/lift, light/lamp, fan, washing machine, oven, fridge,
lead/prospect, deal, quote/offer, shipment/delivery, warehouse, shift, timesheet, holiday
request/vacation request, course, exam/test, grade/mark, book, library card, poll/vote, mailing
list, badge, key, licence, translation, transcript, recording, screenshot, template, signature,
shelf, trailer, boat, bicycle/bike
"""
_ASKED = """
who: who made the {}?, who does the {} belong to?, who changed the {} last?
when: when was the {} made?, since when do we have the {}?, what day did we get the {}?
why: why is the {} so slow?, what went wrong with the {}?, why does the {} look odd?
cost: what does the {} cost?, how expensive is the {}?, what did we pay for the {}?
where: where is the {}?, where did I put the {}?, in which place is the {}?
"""
_ASKING_TOOLS = {
    "who": ("owner", "Say who made or owns the {}."),
    "when": ("date", "Say when the {} was made."),
    "why": ("diagnose", "Explain what is wrong with the {}."),
    "cost": ("price", "Tell the price of the {}."),
    "where": ("location", "Say where the {} is."),
}
_CLASSES = {
    name: tuple(said.split(", "))
    for name, _, said in (line.partition(": ") for line in _VERBS.strip().splitlines())
}
_NEAR = tuple(frozenset(line.split()) for line in _COUSINS.strip().splitlines())
_NOUNS = tuple(tuple(noun.strip().split("/")) for noun in " ".join(_THINGS.split()).split(", "))
_QUESTIONS = {
    name: tuple(said.split(", "))
    for name, _, said in (line.partition(": ") for line in _ASKED.strip().splitlines())
}
_WHICH = ("the {}", "the {}", "my {}", "this {}", "our {}", "the {} from yesterday", "the old {}")


def verb_requests(choice: Random) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """Without end: a request without its manners, and tools (name, description, does it fit)."""
    while True:
        yield _question(choice) if choice.random() < 0.25 else _order(choice)


def _order(choice: Random) -> tuple[str, list[tuple[str, str, bool]]]:
    verb, noun = choice.choice(list(_CLASSES)), choice.choice(_NOUNS)
    said, thing = choice.choice(_CLASSES[verb]), choice.choice(noun)
    asked = f"{said} {choice.choice(_WHICH).format(thing)}"
    if said.split()[-1] in ("on", "off", "up", "down", "out", "away", "back") and " " in said:
        start, _, last = said.rpartition(" ")
        if choice.random() < 0.5:
            asked = f"{start} {choice.choice(_WHICH).format(thing)} {last}"
    others = [one for one in _CLASSES if not _are_near(one, verb)]
    things = [one for one in _NOUNS if one != noun]
    tools = [(*_tool(verb, noun, choice), True)]
    tools += [(*_tool(one, noun, choice), False) for one in choice.sample(others, 2)]
    tools += [(*_tool(verb, choice.choice(things), choice), False)]
    if choice.random() < 0.4:
        tools += [(*_tool(choice.choice(others), choice.choice(things), choice), False)]
    return asked, tools


def _question(choice: Random) -> tuple[str, list[tuple[str, str, bool]]]:
    """A question about a thing asks for none of the things one can do with it."""
    kind, noun = choice.choice(list(_QUESTIONS)), choice.choice(_NOUNS)
    asked = choice.choice(_QUESTIONS[kind]).format(choice.choice(noun))
    tools = [
        (*_tool(verb, noun, choice), False)
        for verb in choice.sample(
            [one for one in _CLASSES if one not in ("find", "track", "verify", "repair")], 3
        )
    ]
    other = choice.choice([one for one in _ASKING_TOOLS if one != kind])
    for name, fits in ((kind, True), (other, False)):
        word, description = _ASKING_TOOLS[name]
        tools.append((f"{noun[0].replace(' ', '_')}_{word}", description.format(noun[0]), fits))
    return asked, tools


def _tool(verb: str, noun: tuple[str, ...], choice: Random) -> tuple[str, str]:
    thing = noun[0]
    article = "an" if thing[0] in "aeiou" else "a"
    said = verb if choice.random() < 0.6 else choice.choice(_CLASSES[verb])
    form = choice.choice((f"{said} {article} {thing}", f"{said} the {thing}"))
    name = f"{verb} {thing}" if choice.random() < 0.8 else f"{thing} {verb}"
    return name.replace(" ", "_"), f"{form.capitalize()}."


def _are_near(one: str, other: str) -> bool:
    """Whether two verbs may mean the same of some thing."""
    shared = {said for said in _CLASSES[one] if said in _CLASSES[other]}
    return one == other or bool(shared) or any({one, other} <= group for group in _NEAR)
