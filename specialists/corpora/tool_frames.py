"""Tools with the ways people ask for them, by domain: what the rows of q-toolcall are made from.

A frame is three lines: the name with its arguments, what it does (said in two ways), and requests.
An argument is `name:kind=description`, with `*` after the name where it must be given; a kind
names a list of values in `tool_values.py`, or lists the declared ones in braces. `{name}` in a
request is filled with a value. Tools of one domain are each other's near-misses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_FRAMES: Mapping[str, str] = {
    "home": """
switch_on(device*:device=what to switch on, room:room=where it is)
Turn a device on. / Switch something on at home.
turn on the {device}; switch the {device} on; put the {device} on in the {room}; {device} on please; can we have the {device} running in the {room}; turn it on; get the {room} {device} going
switch_off(device*:device=what to switch off, room:room=where it is)
Turn a device off. / Switch something off at home.
turn off the {device}; switch the {device} off; no one needs the {device} in the {room}, turn it off; shut the {device} off; kill the {device}; switch it off; the {room} {device} can go off
dim_lights(level*:percent=brightness in percent, room:room=which room)
Make lights darker or brighter. / Set the brightness of lights.
dim the {room} lights to {level}; brightness {level} percent; lights at {level}% in the {room}; make it a bit darker; set the lights to {level} percent
open_blinds(room*:room=which room)
Open the blinds of a room. / Let daylight in.
open the blinds in the {room}; let some light into the {room}, blinds up; raise the {room} blinds; open the blinds
close_blinds(room*:room=which room)
Close the blinds of a room. / Keep daylight out.
close the blinds in the {room}; it is too sunny in the {room}, blinds down; lower the {room} blinds; close the blinds please
arm_alarm(mode*:{home|away|night}=how to guard)
Arm the burglar alarm. / Switch the security system on.
arm the alarm in {mode} mode; set security to {mode}; guard the house, mode {mode}; arm the alarm
disarm_alarm(code:id=secret code)
Disarm the burglar alarm. / Switch the security system off.
disarm the alarm; security off, the code is {code}; stop guarding the house; alarm off with code {code}
start_vacuum(room:room=room to clean)
Start the vacuum robot. / Let the robot clean.
vacuum the {room}; let the robot clean the {room}; start cleaning; send the vacuum to the {room}
dock_vacuum()
Send the vacuum robot back to its base. / Stop cleaning and charge the robot.
send the vacuum home; that is clean enough, robot back to the base; stop vacuuming and go charge
""",
    "time": """
create_alarm(at*:clock=when to ring, label:task=what for)
Set an alarm. / Make the clock ring at a time.
wake me up at {at}; set an alarm for {at}; ring at {at}; alarm for {at} called {label}; I have to get up at {at}; set an alarm; make some noise at {at} so I don't forget to {label}
remove_alarm(at*:clock=when it would ring)
Delete an alarm. / Stop a set alarm from ringing.
delete the alarm for {at}; remove my {at} alarm; no alarm at {at} after all; I do not have to get up at {at}, clear that; delete that alarm
snooze(minutes*:int=for how long)
Let the alarm ring again later. / Put a ringing alarm off.
snooze for {minutes} minutes; {minutes} more minutes; let me sleep another {minutes} minutes; snooze
start_countdown(minutes*:int=how many minutes, label:item=what it is for)
Start a timer. / Count down some minutes.
timer for {minutes} minutes; count down from {minutes} minutes; tell me when {minutes} minutes are over; {minutes} minute timer for the {label}; start a timer for the {label}
time_in(city*:city=which city)
Say what time it is somewhere. / Local time of a city.
what's the time in {city}; current time in {city}; how late is it in {city} now; what time is it over there
convert_time(time*:clock=time to convert, source*:city=city it is given for, target*:city=city wanted)
Convert a time between time zones. / Say what a time is elsewhere.
what is {time} in {source} for {target}; if it is {time} in {source}, what time is it in {target}; convert {time} from {source} to {target}; convert {time} to {target} time
""",
    "calendar": """
create_event(title*:event=name of the event, start*:when=when it begins, location:place=where, guest:person=who comes)
Add an event to the calendar. / Schedule something new.
schedule {title} for {start}; put {title} on my calendar {start}; add {title} at {location} on {start}; set up {title} with {guest} {start}; I have {title} {start}, note it; new event: {title}, {start}; schedule {title}; block {start} for {title}; book a slot with {guest}
delete_event(title*:event=name of the event)
Remove an event from the calendar. / Cancel something scheduled.
cancel {title}; delete {title} from my calendar; {title} is off, remove it; take {title} out of the schedule; cancel that meeting
reschedule_event(title*:event=name of the event, start*:when=new time)
Move an event to another time. / Change when something takes place.
move {title} to {start}; postpone {title} until {start}; {title} has to be on {start} instead; shift {title} to {start}; push {title} back; reschedule my meeting for {start}
show_events(day*:day=which day)
List the events of a day. / Show what is planned.
what's on {day}; am I busy {day}; show my schedule for {day}; any meetings {day}; what am I doing {day}; show my schedule
invite_guest(title*:event=name of the event, guest*:person=who to invite)
Invite someone to an event. / Add a guest.
invite {guest} to {title}; add {guest} as a guest of {title}; {guest} should come to {title} too; ask {guest} to join {title}; invite {guest}
find_free_time(minutes*:int=how long, guest:person=with whom)
Find a free slot. / Look for a time when everyone is free.
when do {guest} and I both have {minutes} minutes; find {minutes} free minutes; when could I meet {guest} for {minutes} minutes; find a slot with {guest}
""",
    "mail": """
write_mail(to*:email=address of the recipient, subject:topic=subject line, body:message=the text)
Write and send an email. / Send a mail.
email {to}; send a mail to {to} about {subject}; write to {to} saying {body}; mail {to}: {body}; email {to} with subject {subject}; send an email about {subject}; drop {to} a line that {body}
reply_mail(id*:id=message to answer, body*:message=the text)
Answer an email. / Reply to a message.
reply to {id}: {body}; answer {id} with {body}; write back to {id} that {body}; reply to {id}; tell them {body}
forward_mail(id*:id=message to pass on, to*:email=address of the recipient)
Forward an email to somebody. / Pass a message on.
forward {id} to {to}; pass {id} on to {to}; {to} should get {id} too, forward it; forward {id}; send {to} a copy of {id}
trash_mail(id*:id=message to remove)
Delete an email. / Throw a message away.
delete mail {id}; throw {id} away; message {id} can go; trash {id}; delete this mail
mark_read(id*:id=message)
Mark an email as read. / Set a message to read.
mark {id} as read; I have read {id}; set {id} to read; mark it as read
mark_unread(id*:id=message)
Mark an email as unread. / Set a message to unread.
mark {id} as unread; make {id} look new again; set {id} to unread; mark it as unread
search_mail(words*:topic=what to look for, sender:person=who wrote it)
Search the mailbox. / Find messages.
find mails about {words}; search my mail for {words}; did {sender} write about {words}; look for messages on {words} from {sender}; anything from {sender} in the inbox
unsubscribe(list*:brand=newsletter)
Stop a newsletter. / Leave a mailing list.
unsubscribe me from {list}; no more mail from {list}; stop the {list} newsletter; get me off that list
""",
    "files": """
write_file(path*:file=where to write, text*:message=what to write)
Write text into a file. / Save text under a path.
write {text} to {path}; save {text} as {path}; put {text} into {path}; write to {path}
remove_file(path*:file=file to delete)
Delete a file. / Remove a file from the disk.
delete {path}; remove {path}; erase {path} from the disk; I do not need {path} any more, delete it; rm {path}; delete that file
rename_file(old*:file=present name, new*:file=new name)
Give a file another name. / Rename a file.
rename {old} to {new}; {old} should be called {new}; change the name of {old} to {new}; call {old} {new} from now on; rename {old}
duplicate_file(source*:file=file to copy, target*:file=name of the copy)
Copy a file. / Make a second file with the same content.
copy {source} to {target}; make a copy of {source} named {target}; duplicate {source} as {target}; I need {source} twice, the second as {target}; copy {source}
show_file(path*:file=file to show)
Show the content of a file. / Print a file.
show me {path}; what is in {path}; open {path}; cat {path}; let me read {path}; display the file
list_folder(path*:folder=folder)
List what a folder holds. / Show the files of a folder.
what files are in {path}; list {path}; ls {path}; show everything under {path}; which files are there
zip_folder(path*:folder=folder to pack, archive*:file=name of the archive)
Pack a folder into an archive. / Compress a folder.
zip {path} into {archive}; pack {path} as {archive}; compress {path} to {archive}; zip {path}
unzip_archive(archive*:file=archive to unpack, path:folder=where to)
Unpack an archive. / Extract an archive.
unzip {archive}; extract {archive} to {path}; unpack {archive} into {path}; unzip it
find_files(pattern*:topic=words in the name, folder:folder=where to look)
Look for files by name. / Search files.
find files named {pattern}; where are the files about {pattern} in {folder}; search {folder} for {pattern}; search the folder {folder}
share_file(path*:file=file, person*:person=who gets it)
Share a file with somebody. / Give someone access to a file.
share {path} with {person}; give {person} access to {path}; {person} needs to see {path}; share {path}; let {person} in
""",
    "weather": """
weather_now(place*:city=where)
Tell the present weather. / Current conditions at a place.
how is the weather in {place}; is it cold in {place}; weather {place}; do I need an umbrella in {place} now; what's it like outside
weather_forecast(place*:city=where, days*:int=how many days)
Forecast for several days. / Weather of the days to come.
forecast for {place} for {days} days; weather in {place} over the next {days} days; the coming {days} days in {place}; forecast for {place}; next {days} days please
rain_chance(place*:city=where, day*:day=which day)
Probability of rain. / How likely it is to rain.
will it rain in {place} {day}; chance of rain {day} in {place}; do I get wet in {place} {day}; will it rain {day}
sunset(place*:city=where)
Time of sunset. / When the sun goes down.
when does the sun set in {place}; sunset in {place}; when does it get dark in {place}; when is sunset
storm_warnings(region*:city=which region)
Warnings of severe weather. / Active storm alerts.
any storm warnings for {region}; is a storm coming to {region}; severe weather alerts {region}; any warnings
""",
    "maps": """
route(start:place=from where, goal*:place=to where, mode:{walking|driving|cycling|transit}=how to travel)
Find the way. / Directions between two places.
how do I get to {goal}; directions from {start} to {goal}; {mode} directions to {goal}; take me to {goal}; route from {start} to {goal} by {mode}; show the way from {start}
travel_time(start*:place=from where, goal*:place=to where)
How long a way takes. / Time needed between two places.
how long from {start} to {goal}; how much time do I need from {start} to {goal}; minutes between {start} and {goal}; how long to get to {goal}
nearby(kind*:venue=what to look for, place:place=around where)
Find places of a kind nearby. / What there is around.
find a {kind} near {place}; is there a {kind} around here; closest {kind}; where's the next {kind}; any {kind} around {place}; what is around {place}
traffic(road*:place=which road)
Traffic on a road. / Jams and delays.
how's traffic on {road}; any jams on {road}; is {road} busy; what's traffic like
share_position(person*:person=who may see it, minutes:int=for how long)
Share my location. / Let someone see where I am.
share my location with {person}; let {person} see where I am for {minutes} minutes; send {person} my position; share my location
save_place(place*:place=place, label*:task=name to save under)
Save a place under a name. / Remember a place.
save {place} as {label}; remember {place} under {label}; save {place}
""",
    "music": """
play_song(song*:song=title, artist:person=who plays it)
Play a song. / Start a piece of music.
play {song}; put on {song} by {artist}; I want to hear {song}; play {song} from {artist}; let's listen to {song}; play something by {artist}; play a song
pause_music()
Pause the music. / Stop playing for now.
pause; stop the music for a moment; hold on, pause the song; silence please
resume_music()
Go on with the music. / Play again after a pause.
go on playing; resume; continue the music; carry on with the song
next_track()
Skip this song. / Play the song after this one.
skip this; next one; I do not like this song, skip it; go to the next track
previous_track()
Play the song before again. / Go back one song.
go back one song; play the last one again; previous track
volume(level*:percent=0 to 100)
Set the volume. / How loud it plays.
volume {level}; set the volume to {level}; make it {level} percent loud; volume up; turn it to {level}
playlist_add(song*:song=title, playlist*:title=name of the playlist)
Add a song to a playlist. / Put a song on a list.
add {song} to {playlist}; put {song} on my {playlist} playlist; {song} belongs in {playlist}; add {song} to my playlist
playlist_remove(song*:song=title, playlist*:title=name of the playlist)
Remove a song from a playlist. / Take a song off a list.
remove {song} from {playlist}; take {song} off my {playlist} playlist; {song} does not belong in {playlist}; remove {song}
playlist_create(name*:title=name of the playlist)
Make a new playlist. / Create an empty list of songs.
make a playlist called {name}; new playlist {name}; create a playlist named {name}; I want a new playlist
like_song(song:song=title)
Mark a song as liked. / Remember that I like a song.
I love this song; like {song}; add {song} to my favourites; thumbs up for {song}
""",
    "money": """
send_money(amount*:money=how much, to*:person=who gets it, note:task=what for)
Send money to a person. / Pay someone.
send {to} {amount}; pay {to} {amount} for {note}; transfer {amount} to {to}; give {to} {amount}; {amount} to {to} please; send money to {to}; send {amount}
request_money(amount*:money=how much, person*:person=who should pay)
Ask a person for money. / Request a payment.
request {amount} from {person}; ask {person} for {amount}; {person} owes me {amount}, ask for it; request money from {person}
move_between(amount*:money=how much, source*:{current|savings|holiday|joint}=account it leaves, target*:{current|savings|holiday|joint}=account it goes to)
Move money between own accounts. / Transfer from one account to another.
move {amount} from {source} to {target}; put {amount} into {target} from {source}; take {amount} out of {source} and put it in {target}; move {amount} to {target}; move money from {source} to {target}
account_balance(account*:{current|savings|holiday|joint}=which account)
Balance of an account. / How much money there is.
how much is in my {account} account; balance of {account}; what have I got in {account}; show me my balance
exchange(amount*:money=how much, source*:currency=currency now, target*:currency=currency wanted)
Convert a sum into another currency. / Exchange rate for a sum.
how much is {amount} {source} in {target}; convert {amount} {source} to {target}; {amount} {source} in {target}; change {amount} into {target}
recurring_payment(amount*:money=how much, to*:person=who gets it, every*:{week|month|year}=how often)
Set up a standing order. / Pay a sum again and again.
pay {to} {amount} every {every}; send {amount} to {to} each {every}; standing order of {amount} to {to}, every {every}; pay {to} every {every}
stop_recurring(to*:person=who was paid)
End a standing order. / Stop paying again and again.
stop the standing order to {to}; no more monthly payments to {to}; end the recurring payment for {to}; stop the standing order
card_block(digits*:digits=last four digits)
Block a bank card. / Freeze a card that was lost.
block card {digits}; I lost the card ending in {digits}; freeze {digits}; block my card
card_unblock(digits*:digits=last four digits)
Unblock a bank card. / Let a frozen card work again.
unblock card {digits}; found the card ending in {digits}, let it work again; unfreeze {digits}; unblock my card
budget_set(category*:item=kind of spending, amount*:money=most a month)
Set a spending limit. / Budget for a kind of spending.
limit {category} to {amount} a month; my budget for {category} is {amount}; spend at most {amount} on {category}; set a budget for {category}
""",
    "devops": """
release(service*:service=which service, version*:version=which version, target*:{dev|staging|production}=environment)
Roll out a version. / Deploy a service.
release {service} {version} to {target}; deploy {version} of {service} on {target}; ship {service} {version} to {target}; put {version} of {service} live on {target}; deploy {service} to {target}; release {version}
undo_release(service*:service=which service, target*:{dev|staging|production}=environment)
Return to the version before. / Roll a release back.
roll back {service} on {target}; revert {service} in {target}; the {target} release of {service} is bad, go back; undo the last {service} release
restart_service(service*:service=which service)
Restart a service. / Stop a service and start it again.
restart {service}; {service} hangs, give it a kick; bounce {service}; stop and start {service}; restart it
stop_service(service*:service=which service)
Stop a service. / Take a service down.
stop {service}; take {service} down; shut {service} down; stop the service
start_service(service*:service=which service)
Start a service. / Bring a service up.
start {service}; bring {service} up; get {service} running; start the service
set_replicas(service*:service=which service, count*:int=how many copies)
Set how many copies run. / Scale a service.
scale {service} to {count}; run {count} copies of {service}; {service} needs {count} replicas; scale {service}
read_logs(service*:service=which service, lines:int=how many lines)
Show log lines. / What a service wrote lately.
show the logs of {service}; last {lines} lines of {service}; what does {service} say; tail {lines} lines from {service}; logs please
create_database(name*:service=name of the database)
Create a database. / Set up a new database.
create a database called {name}; new database {name}; set up a database
drop_database(name*:service=name of the database)
Delete a database. / Remove a database for good.
drop the database {name}; delete database {name}; wipe {name} completely; drop a database
backup_database(name*:service=name of the database, path:folder=where to)
Back up a database. / Save a copy of a database.
back up {name}; dump {name} to {path}; save a copy of the {name} database in {path}; make a backup
restore_database(name*:service=name of the database, path*:file=backup to read)
Restore a database from a backup. / Bring a database back.
restore {name} from {path}; bring {name} back using {path}; load {path} into {name}; restore {name}
rotate_key(key*:id=which key)
Replace a secret key. / Renew an access key.
rotate key {key}; renew {key}; replace the key {key}; rotate the key
grant_access(user*:person=who, role*:{reader|editor|admin}=what they may do)
Give a user rights. / Grant access.
make {user} an {role}; give {user} {role} rights; {user} should be {role}; grant {user} access
revoke_access(user*:person=who)
Take the rights of a user away. / Revoke access.
revoke access for {user}; {user} may no longer get in; lock {user} out; revoke access
""",
    "sales": """
add_customer(name*:person=who, company:company=firm, phone:phone=number)
Record a new customer. / Create a customer.
new customer {name} of {company}; add {name} from {company}; create a customer {name}, phone {phone}; put {name} in the system; add a customer
remove_customer(name*:person=who)
Delete a customer. / Take a customer out of the records.
delete the customer {name}; remove {name} from our records; {name} is no customer any more, delete; delete a customer
set_status(deal*:id=which deal, status*:{new|negotiating|signed|lost}=how it stands)
Set the status of a deal. / Say how a deal stands.
deal {deal} is {status}; set {deal} to {status}; {deal} has been {status}; status of {deal}: {status}; change the status of {deal}; mark it as {status}
note_call(person*:person=who, minutes:int=how long, about:topic=what about)
Record a phone call. / Write down a call.
I called {person} for {minutes} minutes; log a call with {person} about {about}; note a {minutes} minute call with {person}; talked to {person} about {about}, write it down; log a call about {about}
make_quote(company*:company=for whom, amount*:money=total)
Write a quote. / Make an offer with a price.
quote {company} {amount}; make an offer of {amount} to {company}; quote for {company} over {amount}; write a quote for {company}
make_invoice(company*:company=who pays, amount*:money=total, due:day=payable by)
Write an invoice. / Bill a company.
invoice {company} {amount}; bill {company} for {amount}, due {due}; {company} has to pay {amount} by {due}, write the invoice; invoice {company}
remind_payer(invoice*:id=invoice number)
Remind someone to pay. / Send a dunning letter.
remind them of {invoice}; {invoice} is still open, send a reminder; nudge the client about {invoice}; send a payment reminder
hand_over(deal*:id=which deal, colleague*:person=who takes it)
Give a deal to a colleague. / Change who looks after a deal.
hand {deal} to {colleague}; {colleague} takes over {deal}; assign {deal} to {colleague}; give {deal} to somebody else
""",
    "travel": """
book_flight(start*:city=from where, goal*:city=to where, day*:day=when, people:int=how many travellers)
Book a flight. / Buy plane tickets.
book a flight from {start} to {goal} {day}; fly me from {start} to {goal} {day}; {people} tickets from {start} to {goal} {day}; to {goal} from {start} {day} by plane; book a flight to {goal}; book a flight to {goal} {day}
cancel_flight(code*:id=booking code)
Cancel a flight. / Give plane tickets back.
cancel flight {code}; I am not flying, cancel {code}; give {code} back; cancel my flight
flight_state(flight*:id=flight number)
Whether a flight is on time. / Status of a flight.
is {flight} on time; status of {flight}; is flight {flight} late; when does {flight} land; is my flight late
book_train(start*:city=from where, goal*:city=to where, at*:when=when)
Book a train. / Buy train tickets.
train from {start} to {goal} {at}; book a train to {goal} from {start} for {at}; I need a train {at} from {start} to {goal}; train tickets to {goal}
book_room(city*:city=where, nights*:int=how many nights, people:int=how many guests)
Book a hotel room. / Reserve a hotel.
hotel in {city} for {nights} nights; book a room in {city}, {nights} nights, {people} guests; {nights} nights in {city} please; I need a hotel in {city}; a room for {people} people
rent_car(city*:city=where, days*:int=how long, kind:{small|family|van}=size)
Rent a car. / Get a rental car.
rent a car in {city} for {days} days; I need a {kind} car in {city}, {days} days; rental car {city} {days} days; rent a car for {days} days
visa_rules(country*:country=which country, nationality:country=passport of)
Whether a visa is needed. / Entry rules of a country.
do I need a visa for {country}; visa rules of {country} with a passport of {nationality}; may I enter {country} without a visa; visa rules
pack_list(city*:city=where to, days:int=how long)
What to pack. / Packing list for a trip.
what should I pack for {city}; packing list for {days} days in {city}; what clothes for {city}; make me a packing list
""",
    "lists": """
list_add(item*:item=what, list:{shopping|hardware|gifts}=which list, amount:int=how many)
Put something on a list. / Add an item.
add {item} to the {list} list; put {item} on my list; we are out of {item}; {amount} {item} for the {list} list; I need {amount} {item}; add it to the {list} list; write down {item}
list_remove(item*:item=what, list:{shopping|hardware|gifts}=which list)
Take something off a list. / Remove an item.
remove {item} from the {list} list; take {item} off; no {item} needed, strike it; cross {item} off the {list} list; take it off
list_show(list*:{shopping|hardware|gifts}=which list)
Show a list. / Read a list out.
what's on the {list} list; read me the {list} list; show {list}; show me the list
reminder_create(text*:task=what to do, at*:when=when)
Remind me of something. / Make a reminder.
remind me to {text} {at}; don't let me forget to {text} {at}; {at} I have to {text}, remind me; reminder {at}: {text}; remind me {at}; remind me to {text}
reminder_delete(text*:task=what it is about)
Delete a reminder. / Forget about a reminder.
delete the reminder to {text}; I no longer need to {text}, drop the reminder; remove the reminder about {text}; delete the reminder
note_create(text*:message=what to write, title:topic=heading)
Write a note. / Take down some text.
note: {text}; take a note that {text}; write down that {text}; note under {title}: {text}; make a note called {title}; take a note
todo_done(number*:int=number of the task)
Tick a task off. / Mark a task as done.
task {number} is done; tick off {number}; I finished number {number}; check off item {number}; tick it off
todo_reopen(number*:int=number of the task)
Mark a task as not done. / Reopen a task.
task {number} is not done after all; reopen {number}; untick {number}; put number {number} back; reopen it
""",
    "people": """
phone(person*:person=who)
Call a person. / Ring somebody up.
call {person}; ring {person}; phone {person}; get {person} on the line; I need to talk to {person}; make a call
text(person*:person=who, message*:message=what to say)
Send a text message. / Write somebody a short message.
text {person} {message}; tell {person} {message}; send {person} a message saying {message}; message {person} that {message}; let {person} know {message}; text {person}; send a message saying {message}
video_call(person*:person=who)
Start a video call. / See and hear somebody.
video call with {person}; video chat {person}; I want to see {person} on the screen; start a video call
save_contact(name*:person=who, phone*:phone=number)
Save a contact. / Remember a telephone number.
save {phone} as {name}; {name} has the number {phone}, save it; new contact {name}, {phone}; add {name} to my contacts
delete_contact(name*:person=who)
Delete a contact. / Forget a telephone number.
delete {name} from my contacts; remove the contact {name}; I no longer need the number of {name}; delete that contact
look_up_number(name*:person=who)
Look up a telephone number. / Find a contact.
what's the number of {name}; find {name} in my contacts; phone number of {name}; look up a number
block_caller(phone*:phone=number)
Block a number. / No calls from a number.
block {phone}; no more calls from {phone}; {phone} is spam, block it; block this caller
""",
    "shopping": """
cart_add(product*:product=what, count:int=how many, size:{S|M|L|XL}=size)
Put a product into the cart. / Add to basket.
add {product} to my cart; {count} {product} into the basket; I'll take {count} {product}; buy a {product} in size {size}; order {product}; add it to the cart
cart_remove(product*:product=what)
Take a product out of the cart. / Remove from basket.
remove {product} from my cart; take {product} out of the basket; I don't want the {product} any more; remove that
order_track(order*:id=order number)
Where a parcel is. / Track an order.
where is order {order}; track {order}; has {order} been sent; when does {order} arrive; where's my package
order_cancel(order*:id=order number)
Cancel an order. / Stop an order before it is sent.
cancel order {order}; I do not want {order} any more; stop {order} before it ships; cancel the order
return_order(order*:id=order number, reason*:{broken|late|wrong item|changed mind}=why)
Send an order back. / Return goods.
return {order}, it is {reason}; send {order} back because of {reason}; {order} goes back: {reason}; I want to return {order}; I want to return it, {reason}
product_search(words*:product=what to look for, most:money=highest price)
Search the shop. / Find products.
show me {words}; do you sell {words}; {words} under {most}; looking for {words} below {most}; search something under {most}
review_write(product*:product=what, stars*:int=one to five)
Rate a product. / Write a review.
{stars} stars for the {product}; rate {product} {stars}; the {product} gets {stars} stars; rate the {product}
""",
    "support": """
ticket_open(summary*:problem=what is wrong, urgency*:{low|normal|urgent}=how urgent)
Open a ticket. / Report a problem to support.
open an {urgency} ticket: {summary}; new ticket, {urgency}: {summary}; report {summary} as {urgency}; open a ticket: {summary}; open an {urgency} ticket
ticket_close(ticket*:id=which ticket)
Close a ticket. / Mark a problem as solved.
close {ticket}; {ticket} is solved; {ticket} can be closed; the problem in {ticket} is gone; close it
ticket_reopen(ticket*:id=which ticket)
Reopen a ticket. / A problem has come back.
reopen {ticket}; {ticket} is back again; the problem of {ticket} is not solved, open it again; reopen the ticket
ticket_assign(ticket*:id=which ticket, person*:person=who takes it)
Give a ticket to a person. / Assign a ticket.
assign {ticket} to {person}; {person} should look at {ticket}; {ticket} goes to {person}; assign {ticket}; let {person} do it
ticket_comment(ticket*:id=which ticket, text*:message=what to say)
Comment on a ticket. / Add a remark.
comment on {ticket}: {text}; add to {ticket} that {text}; write {text} under {ticket}; comment on {ticket}
password_reset(user*:person=whose password)
Reset a password. / Let a user choose a new password.
reset the password of {user}; {user} forgot the password; new password for {user}; reset the password
""",
    "health": """
visit_book(doctor*:doctor=which doctor, at*:when=when)
Book a visit at the doctor's. / Make an appointment.
see {doctor} {at}; make an appointment with {doctor} for {at}; can I come to {doctor} {at}; appointment {at} with {doctor}; I need to see {doctor}; make an appointment
visit_cancel(id*:id=number of the visit)
Cancel a visit at the doctor's. / Give an appointment up.
cancel appointment {id}; I can't come, cancel {id}; {id} won't work for me, call it off; cancel my appointment
medicine_remind(medicine*:medicine=which medicine, at*:clock=at what time)
Remind me to take a medicine. / Medicine reminder.
remind me to take {medicine} at {at}; {medicine} every day at {at}; I take {medicine} at {at}, remind me; remind me about {medicine}
medicine_refill(medicine*:medicine=which medicine, packs:int=how many packs)
Order more of a medicine. / Refill a prescription.
refill {medicine}; order {packs} packs of {medicine}; {medicine} is running out; I need a refill
log_weight(kilos*:decimal=body weight)
Record the body weight. / Write my weight down.
I weigh {kilos} kg; weight {kilos}; log {kilos} kilos; log my weight
log_exercise(kind*:{running|swimming|cycling|yoga}=kind of sport, minutes*:int=how long)
Record some sport. / Write exercise down.
{minutes} minutes of {kind}; I did {kind} for {minutes} minutes; log {kind}, {minutes} minutes; log some {kind}
""",
    "team": """
channel_post(channel*:channel=where, text*:message=what to say)
Post in a channel. / Write to a team.
post {text} in {channel}; tell {channel} that {text}; write {text} to {channel}; announce in {channel}: {text}; post in {channel}
channel_create(name*:channel=name, secret:bool=only for invited people)
Create a channel. / Open a new room for a team.
create the channel {name}; new {+secret} channel {name}; open {name}, {-secret}; make a {+secret} channel called {name}; create a channel
channel_archive(name*:channel=name)
Archive a channel. / Close a room.
archive {name}; close the channel {name}; nobody uses {name}, archive it; archive the channel
member_add(person*:person=who, channel*:channel=where)
Add someone to a channel. / Let someone into a room.
add {person} to {channel}; let {person} into {channel}; {person} should be in {channel}; add {person}
member_remove(person*:person=who, channel*:channel=where)
Remove someone from a channel. / Throw someone out of a room.
remove {person} from {channel}; kick {person} out of {channel}; {person} leaves {channel}; remove {person}
status_set(text*:task=status, until:when=how long)
Set my status. / Show others what I do.
set my status to {text}; status {text} until {until}; show that I {text}; change my status
""",
    "words": """
translate(text*:message=what to translate, language*:{Spanish|Italian|Dutch|Japanese|Arabic}=into which language)
Translate a text. / Say something in another language.
translate {text} into {language}; how do you say {text} in {language}; {text} in {language} please; translate {text}; translate this to {language}
define(word*:word=which word)
Say what a word means. / Look a word up.
what does {word} mean; define {word}; meaning of {word}; what is the meaning of {word}; look up a word
spell(word*:word=which word)
Say how a word is spelled. / Spelling of a word.
how do you spell {word}; spell {word}; spelling of {word}; how is it spelled
synonyms(word*:word=which word)
Words that mean the same. / Find synonyms.
another word for {word}; synonyms of {word}; what can I say instead of {word}; find me a synonym
summarise(path*:file=which document, sentences:int=how long)
Make a short version of a document. / Summarise a file.
summarise {path}; sum up {path} in {sentences} sentences; short version of {path}; summarise it
""",
    "machines": """
machine_start(machine*:id=which machine)
Start a machine. / Set a machine running.
start {machine}; set {machine} running; turn {machine} on; {machine} may start; start the machine
machine_stop(machine*:id=which machine)
Stop a machine. / Bring a machine to a halt.
stop {machine}; halt {machine}; {machine} must stop; switch {machine} off; stop the machine
machine_speed(machine*:id=which machine, rpm*:int=turns a minute)
Set the speed of a machine. / How fast a machine turns.
run {machine} at {rpm} rpm; speed of {machine} to {rpm}; {machine} should turn at {rpm}; change the speed of {machine}
heat_to(degrees*:decimal=wanted temperature, zone:room=where)
Heat to a temperature. / Set the wanted warmth.
heat to {degrees} degrees; {degrees} degrees in the {zone} please; set {degrees}; warm the {zone} to {degrees}; make it warmer
drive(direction*:{north|south|east|west}=which way, metres*:decimal=how far)
Drive in a direction. / Move the vehicle.
drive {metres} metres {direction}; go {direction} for {metres} m; {metres} m to the {direction}; go {direction}; drive {metres} metres
sensor_read(sensor*:{temperature|light|gas|motion}=which sensor)
Read a sensor. / Say what a sensor shows.
what does the {sensor} sensor show; read {sensor}; {sensor} value please; read the sensor
water_plants(zone*:{lawn|roses|greenhouse}=where, minutes*:int=how long)
Water the garden. / Run the sprinklers.
water the {zone} for {minutes} minutes; {minutes} minutes of water for the {zone}; sprinklers on in the {zone}, {minutes} minutes; water the {zone}
""",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """An argument of a frame. `kind` names a list of values; `values` are the declared ones."""

    name: str
    kind: str
    description: str
    values: tuple[str, ...]
    required: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    domain: str
    name: str
    descriptions: tuple[str, ...]
    slots: tuple[Slot, ...]
    requests: tuple[str, ...]


def all_frames() -> tuple[Frame, ...]:
    return tuple(frame for domain, text in _FRAMES.items() for frame in _read(domain, text))


def _read(domain: str, text: str) -> list[Frame]:
    lines = text.strip().splitlines()
    frames = []
    for head, described, asked in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        name, _, slots = head.rstrip(")").partition("(")
        frames.append(
            Frame(
                domain=domain,
                name=name,
                descriptions=tuple(described.split(" / ")),
                slots=tuple(_slot(one) for one in slots.split(", ") if one),
                requests=tuple(asked.split("; ")),
            )
        )
    return frames


def _slot(text: str) -> Slot:
    left, _, description = text.partition("=")
    name, _, kind = left.partition(":")
    declared = kind.startswith("{")
    return Slot(
        name=name.rstrip("*"),
        kind="declared" if declared else kind,
        description=description,
        values=tuple(kind.strip("{}").split("|")) if declared else (),
        required=name.endswith("*"),
    )
