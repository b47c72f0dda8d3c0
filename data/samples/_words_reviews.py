"""Word lists and sentence templates for reviews.csv (our own text, MIT).

The notation is that of ``_words.py``. Sentences are written without capital and full stop, so
that two of them can be joined. A product is ``name :: noun :: parts`` and a second line with what
is particular to its kind: for goods what the thing does well and badly, for hotels what is nearby,
for restaurants the drink.
"""

VERDICTS: dict[str, int] = {"very good": 51, "not worth it": 32, "mixed feelings": 17}

# The verdicts of products that are better or worse than the rest.
PRODUCT_VERDICTS: tuple[dict[str, int], ...] = (
    VERDICTS,
    {"very good": 70, "not worth it": 16, "mixed feelings": 14},
    {"very good": 31, "not worth it": 49, "mixed feelings": 20},
)

PRODUCTS: dict[str, str] = {
    "goods": """
Alder kettle, 1.7 l :: kettle :: lid | spout | handle
  boils a litre in no time :: takes ages to boil
Alder toaster, two slots :: toaster :: lever | crumb tray | dial
  browns both sides evenly :: burns one side and leaves the other white
Brisk hand blender :: blender :: shaft | button | cable
  turns soup into a silky purée :: leaves lumps in every purée
Kiln & Daughter baking dish :: dish :: glaze | rim | lid
  goes from freezer to oven without trouble :: chipped in the dishwasher
Morrow knife, 20 cm :: knife :: blade | handle | sheath
  cuts tomatoes like butter :: was blunt from the first day
Nellie coffee grinder :: grinder :: drum | crank | drawer
  gives me café quality at home :: grinds nothing but dust
Crème brûlée set, 4 dishes :: set :: torch | tray | stand
  makes a perfect crème brûlée :: burnt my first crème brûlée black
Tallis frying pan, 28 cm :: pan :: coating | handle | rim
  heats evenly and nothing sticks :: sticks to every egg
Orla bread bin :: bread bin :: lid | board | hinge
  keeps a loaf fresh for days :: lets bread go mouldy in two days
Fenn water filter jug :: jug :: cartridge | lid | handle
  makes our hard water taste fine :: leaks from below
Lumo desk lamp, white :: lamp :: arm | switch | base
  gives a warm and steady light :: flickers and hums
Kestrel bike light :: bike light :: clip | strap | button
  lights up the whole lane :: goes dark at the first bump
Tern power bank, 10 Ah :: power bank :: cable | case | socket
  fills my phone three times :: is empty before my phone is full
Wren keyboard, Français layout :: keyboard :: space bar | stand | é key
  is quiet and quick to type on :: skips letters when I type fast
Vesper alarm clock :: clock :: display | snooze button | dial
  wakes me gently with birdsong :: loses five minutes a day
Cobb mouse, wireless :: mouse :: wheel | left button | receiver
  glides over any desk :: loses the connection every hour
Piper kitchen radio :: radio :: aerial | speaker | knob
  finds every station at once :: crackles on every station
Marten backpack, 30 l :: backpack :: zip | strap | inner pocket
  sits well even on long walks :: cuts into the shoulders
Halden rain jacket :: jacket :: hood | zip | lining
  kept me dry through a whole storm :: lets the rain in at every seam
Müller & Söhne tent, 2 persons :: tent :: pole | groundsheet | fly sheet
  goes up in five minutes :: collapsed in a light breeze
""",
    "hotel": """
Hotel Seeufer :: hotel :: sauna | lake terrace | pool
  the lake
Hôtel des Trois Pins :: hotel :: roof terrace | garden | bar
  the old town
Pension Grüner Hof :: guesthouse :: garden | library | breakfast room
  the castle
The Copper Anchor Inn :: inn :: fireplace | bar | courtyard
  the harbour
Villa Almendra :: villa :: pool | orange garden | kitchen
  the beach
Station Lodge :: lodge :: lounge | bike shed | bar
  the station
Hostel Kompass, city centre :: hostel :: shared kitchen | roof terrace | games room
  the market square
Château Belleforêt :: castle hotel :: wine cellar | park | spa
  the vineyards
Northlight Cabins :: cabin :: sauna | wood stove | jetty
  the ski lift
Casa Peña, rooms & breakfast :: guesthouse :: patio | terrace | lounge
  the cathedral
""",
    "restaurant": """
Café Zoë :: café :: apple strudel | quiche | onion soup
  hot chocolate
Crêperie La Marée :: crêperie :: seafood crêpe | buckwheat galette | crème brûlée
  cider
The Salt Cellar :: restaurant :: fish stew | roast lamb | lemon tart
  house wine
Noodle Lane 7 :: noodle bar :: ramen | dumpling soup | fried rice
  jasmine tea
El Jalapeño Verde :: restaurant :: jalapeño burger | bean stew | corn soup
  lime soda
Trattoria da Nino, garden seats :: trattoria :: lasagne | mushroom risotto | tiramisù
  house red
Gasthaus Zur Mühle :: inn :: käsespätzle | goulash | potato salad
  wheat beer
Curry & Clove :: restaurant :: lentil curry | butter chicken | garlic naan
  mango lassi
Pico's Grill :: grill :: steak | grilled corn | chicken platter
  iced tea
Bistro Pâté & Co. :: bistro :: goat cheese salad | duck pâté | apple tart
  rosé
""",
}

REVIEW_SLOTS: dict[str, str] = {
    "who": "my sister | my husband | my wife | a friend | my mother | my neighbour | our son"
    " | our daughter | my flatmate",
    "month": "January | March | April | May | July | August | October | November | December",
    "few": "two | three | four | five",
    "span": "three days | a week | two weeks | a month | ten days | six weeks",
    "late": "three weeks | five weeks | a whole month | 20 days",
    "short": "two minutes | five minutes | less than ten minutes",
    "long": "40 minutes | almost an hour | over an hour | 90 minutes",
    "mins": "3 | 5 | 8 | 10 | 12",
    "price": "19 | 24.90 | 35 | 49 | 59.90 | 75",
    "rate": "68 | 85 | 99 | 120 | 145 | 180",
    "fee": "4 | 8 | 12 | 15 | 20",
    "cheap": "6.50 | 7 | 8.90 | 9",
    "dear": "9.80 | 11 | 13.50 | 16",
    "often": "every day | every morning | twice a week | all the time",
    "made": "nicely made | well thought out | carefully finished",
    "fall": "a fall from the table | a move | two holidays with children | a whole winter",
    "smell": "plastic | glue | smoke | mould | old socks | cleaning fluid",
    "claim": "stainless | scratch-proof | premium | handmade | lifetime",
    "colour": "blue | grey | red | green | black",
    "size": "bigger | smaller | heavier | lighter",
    "years": "five | six | eight | ten | twelve",
    "food": "fruit | bread | eggs | rolls | juice",
    "kind": "were friendly and helpful | went out of their way for us | were charming"
    " | remembered our names | always had a smile",
    "kindly": "was friendly and quick | gave us good advice | was charming | was patient with us",
    "rude": "were rude | ignored us | could not have cared less | kept arguing among themselves",
    "rudely": "was rude | ignored us | rolled his eyes at a question | got our order wrong twice",
    "noise": "the lift | every cough next door | the street | a party | the bins being emptied",
    "view": "sea view | quiet room | balcony | family suite | garden view",
    "reality": "a car park | a brick wall | a cupboard | the view of a petrol station",
    "dirt": "hair | mould | used towels | a beetle | somebody's socks",
    "place": "the balcony | our window | the breakfast table | the top floor",
    "shower": "cold | blocked | dripping all night | a trickle",
    "item": "parking | towels | the kettle in the room | late arrival",
    "nights": "one night | two nights | three nights | a week | a long weekend",
    "floor": "ground | first | second | third | top",
    "reason": "a wedding | a trade fair | a short break | a birthday | a conference",
    "occasion": "a birthday | an anniversary | eight o'clock | a work outing",
    "tasty": "delicious | perfectly seasoned | a dream | wonderful | full of flavour"
    " | cooked just right",
    "awful": "inedible | far too salty | burnt | stone cold | greasy | bland | raw in the middle",
    "meal": "lunch | dinner | a late supper | brunch",
    "course": "the menu | a starter | the bill | a glass of water | our order",
}

# Sentences by kind of product; the kind ``""`` goes with every product.
PRAISE: dict[str, str] = {
    "": """
it is even better than I had hoped
everything was just as described
I can find nothing to complain about
{who} was delighted with it
great value for money
""",
    "goods": """
it {well}
the {part} feels solid and {made}
I use it {often} and it still looks new
the {part} is easy to clean and {made}
setting it up took {short} and everything worked
{who} liked the {noun} so much that we ordered a second one
{price} € is a fair price for this quality
it arrived early and was packed with care
the {noun} looks better than in the photos
the {part} is a joy to use
it has survived {fall} without a scratch
I compared {few} models and this {noun} is the best of them
customer service was quick and friendly when I had a question about the {part}
""",
    "hotel": """
the bed was comfortable and the room spotless
breakfast was generous, with plenty of fresh {food}
the staff {kind}
we loved the {part}
the room was quiet even at the weekend
it is a pleasant walk of {mins} minutes to {near}
check-in took {short} and we got a better room than booked
the view from {place} was wonderful
the décor is lovely and the {part} a real treat
everything smelled fresh and the towels were soft
{rate} € a night is excellent value
the {noun} is close to {near} and yet peaceful
""",
    "restaurant": """
the {part} was {tasty}
both the {part} and the {part} were {tasty}
the waiter {kindly}
we got a lovely table straight away
portions are generous and prices fair
the {drink} alone is worth the trip
lovely décor, soft music and a warm welcome
the kitchen made a special plate for {who} without any fuss
it was the best {part} I have had in {years} years
the ingredients are fresh and you can taste it
{cheap} € for a {part} of this quality is a bargain
""",
}

COMPLAINTS: dict[str, str] = {
    "": """
it is nothing like the description
nobody answered my {few} emails
I had expected a lot more
{who} was very disappointed
poor value for money
""",
    "goods": """
it {badly}
the {part} came loose after {span}
the {part} feels flimsy and cheap
after {span} it simply stopped working
the {noun} arrived with a damaged {part}
the {part} is badly finished
it smells of {smell}, even after {span}
{price} € is far too much for what you get
the {noun} looks cheaper than in the photos
the "{claim}" finish was gone after {span}
I had to send the {noun} back and wait {late} for the refund
the manual is useless and the {part} does not fit
delivery took {late} and the box was torn
""",
    "hotel": """
the bed squeaked and the mattress sagged
breakfast was stale bread and lukewarm coffee
the staff at the desk {rude}
the {part} was closed for our whole stay
the walls are so thin that we heard {noise} all night
the "{view}" turned out to be {reality}
we found {dirt} in the bathroom
check-in took {long} and nobody apologised
our room smelled of {smell}
{rate} € a night is far too much
the wifi failed {often}
the shower was {shower}
they charged {fee} € extra for {item}
""",
    "restaurant": """
the {part} was {awful}
both the {part} and the {part} were {awful}
we waited {long} for {course}
the waiter {rudely}
portions are tiny and prices absurd
the {drink} tasted of {smell}
the table was sticky and the music far too loud
they forgot the {part} and still charged us for it
the "homemade" {part} came straight out of a packet
{who} felt ill afterwards
{dear} € for a glass of {drink} is a joke
the card machine was "broken" yet again
""",
}

FACTS: dict[str, str] = {
    "goods": """
I bought the {noun} for {who}
I ordered the {noun} in {month}
it replaces a {noun} that lasted {years} years
the {noun} is a bit {size} than I thought
we have had the {noun} for {span} now
I chose the {colour} version
""",
    "hotel": """
we stayed for {nights} in {month}
I travelled with {who}
our room was on the {floor} floor
we came for {reason}
there is a bus to {near} every {mins} minutes
""",
    "restaurant": """
we came for {meal} in {month}
I went there with {who}
we ordered the {part} and the {drink}
there were {few} of us
we had booked a table for {occasion}
""",
}

GRIPES: str = "my only complaint: | one thing, though: | if I have to find fault: | just one thing:"
CONCESSIONS: str = "to be fair, | granted, | the one good thing: | at least"
CONTRASTS: str = ", but | , though | , yet | . On the other hand, | . Then again, | ; however,"

CLOSERS: dict[str, str] = {
    "very good": "highly recommended | five out of five | I could not be happier | a real find"
    " | worth every cent | I would choose it again | I love it | thank you so much"
    " | simply excellent | any time again",
    "not worth it": "save your money | never again | a complete waste of money | stay away"
    " | I want my money back | what a let-down | one star is too many | look elsewhere"
    " | simply awful | I regret it",
    "mixed feelings": "not bad, not great | it is all right, nothing more | average at best"
    " | I am in two minds about it | three out of five | it could be worse"
    " | good idea, weak details"
    " | I might give it another try | so-so | neither fish nor fowl",
    "": "you get what you pay for | decide for yourself | just my opinion | I hope this helps"
    " | that is all | make of that what you will",
}

TITLES: dict[str, str] = {
    "very good": "Great {noun} | Love this {noun} | Just perfect | Exceeded all expectations"
    " | Excellent | Best {noun} in years | Very happy | Wonderful | A gem | Would choose it again",
    "not worth it": "Waste of money | Disappointing {noun} | Don't bother | Awful | Very poor"
    " | Worst {noun} in years | Never again | Not as described | Avoid | What a let-down",
    "mixed feelings": "It's OK | Good and bad | Not sure about this {noun} | Average {noun} | So-so"
    " | Could be better | Half happy | Nice, but … | Nothing special | Mixed",
    "": "The {noun} | My experience | {noun} review | After {span} | Our visit in {month}"
    " | An honest opinion | First impression, \"{noun}\" | Read this first | Hm | {noun}, {month}",
}  # fmt: skip

LINKS: str = (
    "Photos: https://pictures.example/{page} | More at http://www.reviews.example/item?id={page}"
    " | See https://shop.example/r/{page}#photos | www.reviews.example/{page}"
)

# What a near duplicate changes: one of these words for its partner.
SWAPS: dict[str, str] = {
    "was": "is", "is": "was", "the": "this", "and": "plus", "for": "of", "very": "really",
    "it": "this", "we": "I", "my": "our", "our": "my",
}  # fmt: skip
