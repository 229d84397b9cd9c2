"""Names for people who don't exist."""

from __future__ import annotations

GIVEN_FEMALE = (
    "Adele", "Agnes", "Beatrix", "Bettina", "Carlotta", "Celia", "Clara", "Daphne", "Delia",
    "Edith", "Elvira", "Esther", "Flora", "Freya", "Greta", "Hanna", "Hedda", "Ida", "Ines",
    "Irma", "Johanna", "Klara", "Leonie", "Lidia", "Lotte", "Magda", "Marit", "Mira", "Nadia",
    "Nora", "Olga", "Paula", "Petra", "Ramona", "Renata", "Rosalind", "Selma", "Thea", "Ursula",
    "Vera",
)  # fmt: skip
GIVEN_MALE = (
    "Albin", "Alonzo", "Anders", "Arno", "Bastian", "Bruno", "Cedric", "Conrad", "Dario",
    "Emil", "Ernesto", "Fabian", "Felix", "Gideon", "Gregor", "Hector", "Hugo", "Ivar", "Jonas",
    "Julius", "Karsten", "Lando", "Leif", "Lorenz", "Marek", "Matteo", "Milan", "Nils", "Oskar",
    "Otis", "Pablo", "Quentin", "Rafael", "Rolf", "Samir", "Sven", "Tobias", "Ulrich", "Viktor",
    "Yannick",
)  # fmt: skip
FAMILY = (
    "Abelard", "Almgren", "Ashdown", "Bellweather", "Bergstrom", "Blackwood", "Bonnard",
    "Brandvold", "Calloway", "Castellan", "Corrigan", "Dahlberg", "Delacroix", "Drummond",
    "Eastlake", "Eriksen", "Fairbanks", "Fennimore", "Fontaine", "Galbraith", "Garrick",
    "Grenville", "Halloran", "Hartwell", "Hollis", "Ibarra", "Ingersoll", "Jankowski",
    "Jessup", "Kasprzak", "Kellerman", "Kirkbride", "Lachance", "Lindqvist", "Lockridge",
    "Maddox", "Marchetti", "Merriweather", "Nakagawa", "Nordstrom", "Oakhurst", "Okonkwo",
    "Olmstead", "Pemberton", "Pettigrew", "Quimby", "Radcliffe", "Ravenel", "Rosenthal",
    "Sandoz", "Sheffield", "Silvestri", "Stanhope", "Tamura", "Thackeray", "Tolliver",
    "Underhill", "Vandermeer", "Villanueva", "Wadsworth", "Westbrook", "Winthrop", "Yarrow",
    "Zielinski",
)  # fmt: skip
STREETS = (
    "Alder Lane", "Bridge Street", "Canal Road", "Elm Court", "Harbor Way", "Hill Street",
    "Mill Road", "Orchard Drive", "Quarry Lane", "Station Road", "Willow Avenue",
)  # fmt: skip
CITIES = (
    ("Eastmere", "CA", "94020"), ("Fallbrook", "CA", "92028"), ("Larkhill", "CA", "94301"),
    ("Millstone", "CA", "95014"), ("Redcliff", "CA", "94062"), ("Westhaven", "CA", "95570"),
)  # fmt: skip
