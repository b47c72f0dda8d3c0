"""Word lists and question templates for the tags files (our own text, MIT).

The notation is that of ``_words.py``; ``tag, tag :: text`` gives the tags that go with a text,
the main one first. A main tag is drawn by its weight, then one of its problems.
"""

TAG_WEIGHTS: dict[str, int] = {
    "plumbing": 16, "electrical": 14, "painting": 10, "walls": 9, "flooring": 8, "tiling": 6,
    "heating": 6, "doors": 5, "windows": 5, "damp": 5, "woodwork": 4, "roof": 4, "appliances": 4,
    "garden": 3, "insulation": 3, "concrete": 2, "noise": 2,
}  # fmt: skip

TAG_SLOTS: dict[str, str] = {
    "tap": "tap | mixer tap | shower head | bath tap | shower valve | old tap",
    "basin": "sink | washbasin | bath | shower tray | double sink",
    "socket": "socket | light switch | dimmer | junction box | double socket",
    "lamp": "ceiling light | wall lamp | strip light | spotlight | pendant lamp",
    "paint": "emulsion | gloss paint | primer | satin paint | chalk paint | varnish",
    "wall": "plaster wall | brick wall | partition wall | drywall partition | chimney breast",
    "floor": "laminate | oak parquet | vinyl flooring | cork flooring | pine boarding",
    "tile": "wall tiles | floor tiles | mosaic tiles | glass tiles | stone tiles",
    "door": "door | sliding door | folding door | double door | door lock | wooden door",
    "window": "sash window | bay window | casement window | tilt window | double glazed window",
    "wood": "shelf | bookcase | table top | bench | staircase | handrail | box seat",
    "machine": "washing machine | dishwasher | oven | fridge | extractor fan | tumble dryer",
    "washer": "washing machine | dishwasher | condenser dryer | washer dryer",
    "bad": "very old | badly worn | cracked | a bit loose | slightly bent | older than i am",
    "size": "two metres | about half a metre | thirty centimetres | roughly a metre",
    "since": "since last week | since the move | after the storm | after i cleaned it"
    " | since the winter | again",
}

TAG_PROBLEMS: str = """
plumbing :: the {tap} drips all night {since}
plumbing :: water drains slowly from the {basin} {since}
plumbing :: how do i replace a {tap} that is {bad}
plumbing :: there is a gurgling sound in the pipe under the {basin}
plumbing, kitchen :: the trap under the kitchen sink leaks {since}
plumbing, kitchen :: how do i replace a kitchen tap that is {bad}
plumbing, kitchen :: what can i do about a smell from the drain of the kitchen sink
plumbing, tools :: which wrench fits the nut behind a {tap}
plumbing, damp :: a slow leak under the {basin} has soaked the cupboard
plumbing :: how do i seal the joint between the {basin} and the wall
plumbing :: the water pressure at the {tap} is low {since}
electrical :: the breaker trips when i use the {socket}
electrical :: can i add a second {socket} to the same circuit
electrical, safety :: the {socket} feels warm and smells burnt {since}
electrical, lighting :: the {lamp} flickers {since}
electrical, lighting :: how do i wire a {lamp} to two switches
electrical :: there is no earth wire behind the {socket}
electrical, lighting :: can i hang a {lamp} from a cable that is {size} long
electrical :: i found a {socket} that is {bad} and has no cover
painting :: the {paint} peels off in strips {since}
painting :: how many coats of {paint} do i need over a dark colour
painting :: can i put {paint} on top of old {paint}
painting, walls :: should i sand the {wall} before the {paint}
painting :: brush marks show in the {paint} when the sun is low
painting, woodwork :: which {paint} is best for a {wood} that gets a lot of use
walls :: how do i patch a hole of {size} in a {wall}
walls :: a crack of {size} opened in the {wall} {since}
walls, tools :: which drill bit and plug for a {wall}
walls :: can i hang a heavy mirror on a {wall}
walls :: is the {wall} holding up the floor above
flooring :: the {floor} creaks in one spot {since}
flooring, noise :: the {floor} squeaks so loudly that it wakes the baby
flooring :: can i lay {floor} over {floor}
flooring :: there is a gap of {size} between the {floor} and the wall
flooring, woodwork :: how do i sand and oil a wooden floor that is {bad}
tiling :: how do i remove {tile} without breaking the others
tiling :: the {tile} came loose {since}
tiling :: can i put new {tile} straight over {tile}
tiling, tools :: what do i need to cut {tile} around a pipe
heating :: the radiator is cold at the top {since}
heating :: the boiler shuts down every night {since}
heating, plumbing :: how do i drain the radiators to change a valve
heating :: which thermostat suits an old boiler
heating, noise :: the radiator knocks when the boiler starts
doors :: the {door} sticks {since}
doors :: how do i fit a new {door} when the old one is {bad}
doors, insulation :: cold air comes in around the {door}
windows :: the {window} will not close {since}
windows, damp :: there is water on the inside of the {window} every morning
windows, insulation :: how do i stop a draught from a {window} that is {bad}
windows :: what does it take to replace a {window} of {size}
damp :: black mould keeps coming back in the corner {since}
damp, painting :: which {paint} goes over a water stain
damp, walls :: part of the {wall} is wet {since}
woodwork :: how do i build a simple {wood} of {size}
woodwork :: the {wood} wobbles and is {bad}
woodwork, tools :: do i need a router to make a {wood}
woodwork :: what glue should i use for a {wood} that is {bad}
roof :: rain comes in around the chimney {since}
roof :: three slates slipped {since}
roof, plumbing :: the gutter overflows {since}
roof, insulation :: how thick should the wool between the rafters be
appliances :: the {washer} stops halfway {since}
appliances, plumbing :: how do i connect a {washer} to the waste pipe
appliances, electrical :: can a {machine} share a circuit with the {machine}
appliances, noise :: the {machine} rattles like a train {since}
garden :: the fence post is {bad} and leans
garden, woodwork :: what oil should i put on a wooden deck that is {bad}
garden, concrete :: how deep should the base for a shed be
garden :: the outdoor path sinks after rain {since}
insulation :: is it worth adding {size} of wool under the roof
insulation, walls :: can i insulate a {wall} from the inside
concrete :: how long should a new slab dry before i use it
concrete :: a crack of {size} in the slab keeps growing {since}
noise, walls :: i can hear every word through the {wall}
noise :: how do i find where the humming at night comes from
"""

# A place gives its tag, and sometimes the writer forgets to add it.
# The first tag of the problem says which list of places to use; "" is for all other tags.
TAG_PLACES: dict[str, str] = {
    "": """
kitchen :: in the kitchen
kitchen :: in our small kitchen
bathroom :: in the bathroom
bathroom :: outside the bathroom
basement :: in the basement
basement :: down in the cellar
garage :: in the garage
none :: in the hall
none :: upstairs
none :: in the bedroom
none :: in the living room
""",
    "plumbing": """
bathroom :: in the bathroom
bathroom :: in the shower room
bathroom :: in the guest bathroom
basement :: in the basement laundry
none :: upstairs
""",
    "tiling": """
kitchen :: in the kitchen
kitchen :: behind the cooker
bathroom :: in the bathroom
bathroom :: by the toilet
none :: in the hall
""",
    "appliances": """
kitchen :: in the kitchen
basement :: down in the cellar
garage :: in the garage
none :: in the utility room
""",
}

# What people add at the end; its tag is forgotten now and then too.
TAG_EXTRAS: str = """
cost :: what is a fair price for this ?
cost :: is it cheaper to do it myself ?
cost :: i was quoted four hundred , is that too much ?
safety :: is it safe to leave it like that ?
safety :: could this be dangerous ?
tools :: which tools should i buy first ?
tools :: i only own a hammer and a cordless drill .
rental :: we rent , so nothing permanent please .
rental :: the landlord says it is up to me .
none :: any ideas ?
none :: thanks for any help .
none :: i have never done this before .
none :: a video i watched said something else .
none :: photo attached .
none :: the house was built in the thirties .
"""
