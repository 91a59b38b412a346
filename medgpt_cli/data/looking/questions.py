"""What a datasheet asks and no program can answer, by heading; after "Datasheets for Datasets" (arXiv 1803.09010)."""

from __future__ import annotations

QUESTIONS: dict[str, tuple[str, ...]] = {
    "Motivation": (
        "For what purpose was the set made, and which gap does it fill?",
        "Who made it, on whose behalf, and who paid for it?",
    ),
    "Composition": (
        "Which patients, sites, devices and years does it represent, and which are missing?",
        "Which groups (age, sex, origin, language) does it name or leave out, and how are they distributed?",
        "Could a person be identified, alone or together with other data?",
        "Does it hold anything that might offend, insult or frighten whoever looks at it?",
        "What is known of errors and noise in its labels, reports and captions?",
    ),
    "Collection process": (
        "Over which time was it collected, by whom, and how were records chosen?",
        "Which ethics board approved it, under which number, or why was none asked?",
        "Did the persons consent, how were they told, and how can they withdraw?",
    ),
    "Preprocessing, cleaning, labelling": (
        "Who labelled what, with which training, and how far did labellers agree?",
        "Are the raw data kept, and where?",
    ),
    "Uses": (
        "For which tasks has it been used, and where is that written down?",
        "For which tasks must it not be used, and who could be harmed by it?",
    ),
    "Distribution": (
        "To whom may it be given, how, from when, and under which agreement?",
        "Do contracts, data use agreements or export rules forbid anything?",
    ),
    "Maintenance": (
        "Who keeps it, and how can they be reached?",
        "How are errors reported and mended, and are older versions kept?",
        "When must it be deleted?",
    ),
}
