"""Word lists and sentence templates for the topics files (our own text, MIT).

How to read the data, here and in ``_words_tags.py`` and ``_words_zh.py``:

* ``"a | b | c"`` is a list of alternatives.
* ``{name}`` in a template is replaced by one of the alternatives listed under ``name``.
* A block of templates holds one template a line.
"""

TOPIC_SLOTS: dict[str, str] = {
    # shared by all topics
    "who": "my sister | a friend | my neighbour | my partner | a colleague | my dad | my aunt",
    "when": "this weekend | next week | on friday | tomorrow | this month | in the spring"
    " | tonight",
    "ago": "last week | yesterday | last month | two days ago | this morning | on sunday",
    "thanks": "thanks in advance ! | any tips ? | please help | any ideas ? | what would you do ?"
    " | i am new to this | advice welcome | am i missing something ?",
    "long": "ten minutes | half an hour | two hours | twenty minutes | a whole day | an hour",
    "mins": "ten minutes | two minutes | twenty minutes | half an hour | five minutes",
    # cooking
    "pot": "lentil soup | beef stew | chicken curry | tomato soup | mushroom risotto | fish stew"
    " | bean chili | leek and potato soup | pumpkin curry",
    "pot_bad": "too salty | watery | bland | far too spicy | greasy | a bit sour | lumpy",
    "bake": "apple pie | banana bread | carrot cake | onion tart | gingerbread | lemon cake"
    " | sourdough loaf | cheese pie | chocolate cake | plum crumble",
    "bake_bad": "dry | burnt on the bottom | raw in the middle | flat | crumbly | soggy",
    "ingr": "garlic | cumin | cream | lemon juice | coconut milk | paprika | olive oil | ginger"
    " | fresh basil | soy sauce | vinegar",
    "rich": "butter | brown sugar | cream | honey | olive oil | eggs | yoghurt | margarine",
    "kit": "cast iron pan | slow cooker | pressure cooker | wok | stand mixer | pizza stone"
    " | rice cooker | hand blender",
    "pan": "cast iron pan | wok | baking tray | frying pan | steel pot",
    "meal": "sunday lunch | a family dinner | a picnic | a birthday party | supper",
    "prep": "chop | peel | dice | marinate | roast | steam | fry | boil",
    "veg": "carrots | onions | mushrooms | potatoes | peppers | cabbage | courgettes | beans",
    # sport
    "team": "the home side | our under twelves | the visitors | the champions | the village team"
    " | the red team | the league leaders | the women's team",
    "game": "football | rugby | basketball | hockey | handball | volleyball | cricket",
    "solo": "tennis | badminton | swimming | rowing | judo | cycling | climbing | fencing",
    "event": "cup final | derby | qualifier | semi final | opening match | regional final"
    " | play off",
    "race": "half marathon | relay | ten kilometre race | triathlon | time trial | fell race",
    "player": "goalkeeper | captain | striker | defender | substitute | midfielder | winger"
    " | full back",
    "score": "three nil | two one | by a single point | in extra time | on penalties"
    " | by ten points",
    "lead": "three nil | two one | by a single point | by ten points | by two goals",
    "kick": "free kick | penalty | pass | header | tackle | throw in",
    "move": "backhand | serve | sprint finish | dive | second stroke | volley",
    "gear": "running shoes | football boots | tennis racket | road bike | swimming goggles"
    " | shin pads | climbing harness",
    # computing
    "os": "linux | windows | my phone | the office server | a virtual machine | an old mac",
    "mach": "laptop | desktop | tablet | work pc | home server",
    "part_pc": "printer | router | monitor | graphics card | hard drive | keyboard | webcam",
    "lang": "python | java | rust | javascript | go | perl",
    "sw": "browser | text editor | compiler | database | web server | mail client | spreadsheet"
    " | backup program",
    "comp_bad": "crashes | freezes | shows a blank screen | asks for a password | restarts"
    " | loses the network | runs very slowly",
    "text": "config file | csv file | log file | text file",
    "file": "config file | csv file | log file | zip archive | photo folder | source file",
    "code": "loop | function | regular expression | query | unit test | class | recursive call",
    "comp_do": "install an update | open two windows | plug in a usb stick | log in | start a video"
    " | copy a file | print a page",
    # travel
    "place": "lisbon | norway | the alps | vienna | scotland | budapest | sicily | catalonia"
    " | galicia | brittany | bavaria | prague",
    "far": "japan | peru | morocco | india | kenya | brazil",
    "town": "lisbon | vienna | budapest | prague | turin | hamburg | lyon | porto",
    "stay": "hostel | guest house | hotel | campsite | mountain hut | rented flat",
    "ride": "night train | coach | flight | overnight bus | sleeper train | early train",
    "pack": "suitcase | rucksack | passport | sleeping bag | travel adapter | rain jacket",
    "bag": "suitcase | rucksack | hand luggage | day pack",
    "paper": "passport | printed ticket | reservation | student card",
    "sight": "old town | castle | riverside | night market | cathedral | opera house",
    "trip_bad": "was cancelled | was three hours late | left without us | was overbooked"
    " | was moved to another day",
    # health
    "ache": "headache | sore throat | stiff back | cough | rash | stiff neck | fever | toothache",
    "part": "knee | shoulder | ankle | wrist | hip | elbow | thumb | foot",
    "doc": "doctor | nurse | pharmacist | physiotherapist | specialist",
    "med": "antibiotics | painkillers | vitamin d | iron tablets | eye drops | cough syrup"
    " | allergy tablets",
    "cond": "asthma | hay fever | high blood pressure | migraine | anaemia | insomnia | diabetes"
    " | eczema",
    "habit": "eat less salt | sleep eight hours | drink more water | walk every day | cut out sugar"
    " | stretch each morning",
    "symptom": "feel dizzy | wake up tired | get out of breath | feel sick | itch all over"
    " | have cramps",
    # money
    "debt": "mortgage | credit card | student loan | overdraft | car loan | bank loan",
    "save": "savings account | pension fund | index fund | government bond | current account"
    " | share portfolio",
    "bill": "electricity bill | rent | council tax | phone bill | insurance premium | heating bill",
    "sum": "two hundred | a thousand | five thousand | nearly three hundred | ten thousand",
    "little": "twenty | fifty | a hundred | nearly eighty | thirty",
    "tax": "income tax | inheritance tax | capital gains tax | gift tax",
    "rate": "interest rate | mortgage rate | base rate | overdraft rate",
    "fin": "bank | lender | insurer | broker | building society | credit union",
}

TOPIC_TEMPLATES: dict[str, str] = {
    "cooking": """
why does my {pot} always come out {pot_bad} ? {thanks}
my {bake} was {bake_bad} again , should i lower the heat ?
how long should {pot} simmer before i stir in the {ingr} ?
can i use {rich} instead of {rich} in a {bake} ?
do you {prep} the {veg} before they go into the {pot} ?
i want to make {pot} for {meal} {when} . {thanks}
{who} gave me a {kit} , what should i make with it first ?
is a {kit} worth it if i only cook for two ?
looking for a simple {bake} recipe without {rich} for {meal}
the secret of a good {pot} is {ingr} and plenty of {veg}
what goes well with {pot} apart from rice and {veg} ?
how do i stop the {veg} sticking to my {pan} ?
i left the {bake} in the oven for {mins} too long
can {pot} be frozen once the {ingr} has gone in ?
best way to {prep} {veg} for {meal} , {thanks}
three quick dinners with {veg} , {ingr} and a little patience
my dough did not rise and the {bake} was {bake_bad} . {thanks}
how much {ingr} do you put in {pot} for six people ?
we tried a new {bake} {ago} and it was gone in {mins}
leftover {veg} ? turn them into {pot} with some {ingr}
""",
    "sport": """
{team} won the {event} {lead} after a slow first half
how do i get more power into my {move} ? {thanks}
the {player} was sent off {mins} before the end of the {event}
{team} lost {score} and the {player} blamed the pitch
is {solo} easier to learn than {solo} for a ten year old ?
which {gear} would you buy for a complete beginner ? {thanks}
{who} plays {game} for {team} and trains three times a week
should the {player} have taken that {kick} in the last minute ?
what is the rule in {game} if the {player} drops the ball ?
{team} face a hard {event} {when} without their {player}
tickets for the {event} {when} sold out in {mins}
my {move} goes wrong whenever i play a stronger opponent . {thanks}
i did my first {race} {ago} , how long should i rest ?
our {game} club is looking for a {player} {when}
great {kick} by the {player} , but {team} still lost {score}
how many laps should a beginner swim in {mins} without a break ?
the {player} signs for another season with {team}
do i need my own {gear} for the first training session {when} ?
how should {team} warm up before a {event} in the cold ?
rain stopped the {event} {ago} with {team} ahead {lead}
""",
    "computing": """
my {mach} {comp_bad} every time i {comp_do} . {thanks}
how do i read a {text} line by line in {lang} ?
the {sw} {comp_bad} since the update {ago} , {thanks}
is {lang} a good first language for someone who knows {lang} ?
what is the fastest way to search a {text} on {os} ?
{who} deleted a {file} from {os} , can we get it back ?
why is this {code} in {lang} so slow on a large table ?
how do i move my {sw} from {os} to a new {mach} ?
should i replace the {mach} or add more memory to it ?
i get an error when i run the {sw} on {os} . {thanks}
can a {part_pc} work with {os} without a driver ?
new version of the {sw} fixes a security hole found {ago}
how do i test a {code} in {lang} that needs the network ?
the {part_pc} stops working after {long} , is it too hot ?
which {sw} do you use on {os} and why ? {thanks}
how can i share a {file} between {os} and my {mach} ?
my {code} works on {os} but fails on the {mach} {who} uses
it took {long} to find one missing comma in a {code}
do i need a password for the {sw} if nobody else uses the {mach} ?
back up the {file} before you {comp_do} , it only takes {mins}
""",
    "travel": """
is the {ride} to {place} worth it or should we fly ?
our {ride} to {place} {trip_bad} , can we claim anything ?
where can we find a quiet {stay} near the {sight} in {town} ?
i lost my {pack} on the {ride} {ago} . {thanks}
three days in {town} : the {sight} , the {sight} and good coffee
do i need a visa for {far} if i only change planes there ?
what should i put in my {bag} for a week in {place} ?
the {stay} in {place} was lovely but the {ride} {trip_bad}
how early should we be at the station for the {ride} {when} ?
{who} is going to {town} {when} , is the {sight} worth a visit ?
can you walk from the {stay} to the {sight} in {mins} ?
best month to visit {place} with small children ? {thanks}
we missed the {ride} by {mins} and slept at the airport
is it easy to get from {town} to {town} by {ride} ?
does anyone know a {stay} in {place} that takes dogs ?
new {ride} links {place} with the coast from the spring
looking for a map of walks around the {sight} in {town}
the view from the {sight} in {town} is worth the climb
they would not let me board the {ride} without a {paper}
which side of the {ride} has the best view on the way to {place} ?
""",
    "health": """
i have had a {ache} for a week , should i see a {doc} ?
my {part} hurts at night and in cold weather . {thanks}
can i take {med} together with {med} ?
the {doc} told me to {habit} because of my {cond}
is it normal to {symptom} after {med} ?
how long does a {ache} last with {cond} ? {thanks}
what helps against a {ache} at night besides {med} ?
{who} has {cond} and was told to {habit}
why do i {symptom} when i get up in the morning ?
my doctor wants to x-ray the {part} {when} , is it safe ?
the swelling in my {part} came back {ago} . {thanks}
does it help with {cond} if you {habit} ?
new study links {cond} to poor sleep and stress
should a child with a {ache} stay at home {when} ?
i {symptom} about {mins} after lunch , could it be {cond} ?
which exercises are good for a weak {part} after an operation ?
i forgot my {med} {ago} , should i take two now or wait ?
could a {ache} and a sore {part} be signs of {cond} ?
the {doc} could only see me for {mins} about my {part}
free checks for {cond} at the clinic {when} , no need to book
""",
    "money": """
should i pay off the {debt} first or put more in a {save} ?
my {bill} went up by {little} {ago} . {thanks}
how does the {rate} affect what i owe on a {debt} ?
the {fin} charged me {little} for a late payment {ago}
is a {save} safe if the {fin} goes under ?
do i have to pay {tax} on money from {who} ?
i want to put {sum} a year into a {save} . {thanks}
can i get a {debt} with {sum} in the bank and no steady job ?
what is a fair fee for an accountant who looks after {tax} ?
the {rate} is expected to rise {when} , say economists
{who} owes me {sum} and has not paid since {ago}
how do i split the {bill} fairly with a flatmate ?
how do i set up a budget when the {bill} changes every month ?
can the {fin} raise the {rate} without telling me ?
we saved {sum} by changing the {fin} and checking the {bill}
is it wise to move a {debt} to another {fin} {when} ?
i was on the phone to the {fin} for {long} about the {bill}
shares fall as the {rate} climbs for the third time
what happens to a joint {save} when one owner dies ?
a beginner asks : {save} or {save} for the next ten years ?
""",
}

# Lines that touch two topics: an aside from one topic, then the real question from another.
ASIDES: dict[str, str] = {
    "cooking": "i have a stew on the stove | we have guests for dinner | i burnt the cake again"
    " | i spend every evening in the kitchen | i bought too many onions | the oven is still on",
    "sport": "there is a match on saturday | i have training tonight | we lost the final again"
    " | i joined a rowing club | the race starts at nine | i coach the under twelves",
    "computing": "my laptop has just died | the wifi is down again | i sit at a screen all day"
    " | i work as a programmer | my phone is full of photos | the app keeps crashing",
    "travel": "our flight leaves on friday | we are away in norway next week | the hotel is booked"
    " | i live out of a suitcase | we missed the last ferry | i am stuck at the airport",
    "health": "my knee still hurts | i have not slept well for weeks | i am getting over a cold"
    " | i am on strong painkillers | my back is bad again | i feel tired all the time",
    "money": "money is tight this month | i am saving for a deposit | the bank said no"
    " | i have just paid the rent | my pay came in late | i owe my brother fifty",
}
ASKS: dict[str, str] = {
    "cooking": "what can i eat that is quick and warm ? | what shall i cook for four ?"
    " | can i make something simple ahead ? | is there an easy recipe for that ?",
    "sport": "will i still be fit to play ? | should i skip the game ?"
    " | can we still win the league ?"
    " | who else could play in my place ?",
    "computing": "is there an app for that ? | can i get my files back ?"
    " | how do i fix this offline ?"
    " | could i write a small script for it ?",
    "travel": "should we put off the trip ? | is it better to go by train ? | where could we stay ?"
    " | can i change the ticket ?",
    "health": "should i rest for a few days ? | do i need to see someone about it ?"
    " | could it be stress ? | is that bad for me ?",
    "money": "what will it cost me in the end ? | can i claim some of it back ?"
    " | is there a cheaper way ? | should i borrow a little ?",
}
EITHER: str = (
    "{x} and {y} , what should i do first ? | {x} , and on top of that {y} . any ideas ?"
    " | {x} and now {y} , what a week !"
)

# Lines where only the order of the words tells the topic: "more about money than health".
FACETS: dict[str, str] = {
    "cooking": "food | cooking | flavour",
    "sport": "sport | winning | training",
    "computing": "software | computers | code",
    "travel": "travel | adventure | sightseeing",
    "health": "health | wellbeing",
    "money": "money | cost | savings",
}
PAIR_THINGS: dict[str, str] = {
    "cooking computing": "the recipe app | the smart oven",
    "cooking health": "the new diet | my green smoothie",
    "cooking money": "eating at home | the packed lunch",
    "cooking sport": "race day breakfast | the team dinner",
    "cooking travel": "the street market tour | our week in tuscany",
    "computing health": "the sleep tracker | the standing desk",
    "computing money": "the online shop | the budgeting app",
    "computing sport": "the chess server | the race timing system",
    "computing travel": "the booking site | the offline map",
    "health money": "the gym membership | private dental cover",
    "health sport": "my morning run | the yoga class",
    "health travel": "the spa weekend | the long walk",
    "money sport": "the season ticket | the club sponsor",
    "money travel": "the railcard | the cheap weekend away",
    "sport travel": "the ski week | the cycling tour",
}
ORDER_TEMPLATES: str = """
for me {thing} is more about {x} than {y} , is that odd ?
honestly , {thing} is more about {x} than {y} these days
when it comes to {thing} i worry about {x} , not {y}
about {thing} : my question is about {x} , not {y}
is {thing} really more about {x} than {y} , as {who} says ?
"""
