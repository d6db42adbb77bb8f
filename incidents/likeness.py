"""How alike two reports read. Pure, in microseconds: rules compare signatures that were stored when the tickets were made.

No dictionary and no stemmer: languages mix in one queue. Words count as near where one holds the other ("connect",
"disconnected"; "Drucker", "Netzwerkdrucker") or both begin alike for most of their length ("connecter", "connexion").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

THRESHOLD = 0.51
"""From here on two texts are similar: more than half of the weight is shared. On the pairs of tests/incidents/reports.py
it finds fifteen of sixteen pairs of one problem and takes one of fifty-five pairs of two problems for one; at 0.5 that
would be one of twenty-three, since "printer, floor 2" is half of any report from floor 2. Two languages never meet."""

LONGEST = 14  # words of a signature: the title and first sentences say what it is about
NEAR = 0.75  # worth of a near word, against 1 for the same word
LEAST_HELD = 5  # letters: below, one word is found in another by chance ("port" in "report")
FAILS = "~"  # "down", "broken", "does not work", "geht nicht": one weak word for all the ways to say so
WEAK = 0.5
STRONG = 2.0  # an error code: nothing says more
LOGIN = re.compile(r"\b(?:log|sign)(?:ged|ging|ing)?[ -](?:in|on)\b")

ADDRESS = re.compile(r"\S+@\S+|https?://(?:www\.)?([\w-]+)\S*", re.IGNORECASE)
HYPHEN = re.compile(r"\b(\w{1,2})-(?=\w)")  # e-mail, wi-fi
STAMP = re.compile(r"\b(?:t|inc)-\d+\b|\b\d+[.:/-]\d+\S*")
WORD = re.compile(r"[^\W_]+")
HEX = re.compile(r"0x[0-9a-f]{3,}")
STATUS = re.compile(r"[45]\d\d")
NUMBERED = re.compile(r"(\D{3,})\d+")  # fs02, smtp01, windows11

SAME = {"email": "mail", "emails": "mail", "mails": "mail", "courriel": "mail", "wifi": "wlan", "wireless": "wlan", "pc": "computer"}
WORDS_OF_FAILURE = """
down offline outage broken broke break fail fails failed failing failure failures error errors dead unavailable
works work working worked crashed dysfunctional kaputt defekt fehler fehlermeldung ausfall ausgefallen funktioniert
funktionieren geht gehen panne erreur erreurs fonctionne fonctionnent marche marchent casse cassee indisponible
"""
COMMON_WORDS = """
a about after again all also always am an and any anybody anyone are as at back be because been before being but by
can cannot cant could couldn did didn do does doesn doing don every everyone everything for from get gets getting
give given go going got had has hasn have haven having he hello help her here hi him his how i if in into is isn
issue issues it its just keep keeps like ll make me message messages more must morning most much my need needs no
nobody none nor not nothing now of off often on once one only or our out over people please problem problems re
really regards says same say saying see seems seen she since so some somebody someone something still such team than
thank thanks that the their them then there these they thing this those through time to today too tried try trying
two until up us use used user users using ve very want was wasn we well were what when where which while who why
will with won would yes yesterday you your afternoon evening hour hours minute minutes day days week ago colleague
colleagues whole appears shows show comes come aber alle allem allen aller alles als auch auf aus bei beim bin bis
bitte da damit dann das dass dem den der des die dies diese diesem diesen dieser dieses doch dort du durch ein eine
einem einen einer eines er es etwas euch fur gar gegen gibt gruss grusse guten habe haben hallo hat hatte hier hilfe
ich ihm ihn ihnen ihr ihre im immer ist ja jede jeder jemand jetzt kann kein keine keinen keiner konnen komme kommt
kommen leider man mehr mein meine meinem meinen meiner mich mir mit morgen nach nicht nichts noch nur oder ohne
schon sehr seit sein sich sie sind tag um und uns unser unsere vom von vor war warum wegen weil wenn wer werden wie
wieder wir wird wo wurde zu zum zur heute gestern au aucun aucune aussi autre aux avec avoir beaucoup bonjour c ce
cela ces cet cette chez comme d dans de depuis donc elle elles en encore entre est et etait etre eu fait fois ici il
ils impossible j jamais je jour l la le les leur lui ma mais matin merci meme mes moi mon ne ni nos notre nous ont
ou par pas peu peut peux plait plus pour pourquoi probleme puis quand que quel quelle qui quoi rien s sa sans se ses
si son sont sous sur t ta te tes toi ton toujours tous tout toute toutes tres tu un une vos votre vous y aujourd hui
arrive arrivons arrivent com net org www http https fw aw wg tr sv
"""
FAILURES = frozenset(WORDS_OF_FAILURE.split())
STOP = frozenset(COMMON_WORDS.split())


class Likeness(NamedTuple):
    """From 0 to 1, and the words both have."""

    score: float
    shared: tuple[str, ...]

    @property
    def is_similar(self) -> bool:
        return self.score >= THRESHOLD


NOTHING = Likeness(0.0, ())


def signature(text: str) -> tuple[str, ...]:
    """The telling words of a report, in alphabetical order: folded, without numbers, ids, addresses and common words."""
    plain = HYPHEN.sub(r"\1", STAMP.sub(" ", ADDRESS.sub(r" \1 ", _folded(text))))
    plain = LOGIN.sub("login", plain)
    words: dict[str, None] = {}
    for token in WORD.findall(plain):
        word = _word(token)
        if word:
            words[word] = None
            if len(words) == LONGEST:
                break
    return tuple(sorted(words))


def likeness(one: Sequence[str], other: Sequence[str]) -> Likeness:
    """Shared weight over a mean of both that leans to the shorter, so a short report meets a long one of the same thing.

    One shared word alone is worth half, unless the two say exactly the same: it is often only the service's name.
    """
    mine, theirs = set(one), set(other)
    if not mine or not theirs:
        return NOTHING
    same = mine & theirs
    near = _near(mine - same, theirs - same)
    if not same and not near:
        return NOTHING
    less, more = sorted((_weight(mine), _weight(theirs)))
    score = (_weight(same) + NEAR * len(near)) / (0.6 * less + 0.4 * more)
    if len(same) + len(near) < 2 and mine != theirs:
        score /= 2
    return Likeness(min(1.0, round(score, 4)), tuple(sorted((same - {FAILS}).union(near))))


def _folded(text: str) -> str:
    """Small letters without accents, whatever the form of Unicode they came in."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _word(token: str) -> str:
    """What a token counts as; nothing for noise."""
    if token in FAILURES:
        return FAILS
    if token in STOP:
        return ""
    if not token.isalpha():
        return _with_digits(token)
    token = SAME.get(token, token)
    return token if len(token) > 2 else ""


def _with_digits(token: str) -> str:
    """Error codes stay, numbers at the end of a name go, ids go whole."""
    if HEX.fullmatch(token) or STATUS.fullmatch(token):
        return token
    numbered = NUMBERED.fullmatch(token)
    return _word(numbered[1]) if numbered else ""


def _weight(words: Iterable[str]) -> float:
    return sum(WEAK if word == FAILS else STRONG if word[0].isdigit() else 1.0 for word in words)


def _near(mine: set[str], theirs: set[str]) -> list[str]:
    """The words of mine that have a near one in theirs, each used once."""
    left, found = sorted(theirs), []
    for word in sorted(mine):
        match = next((other for other in left if _is_near(word, other)), None)
        if match is not None:
            left.remove(match)
            found.append(min(word, match, key=lambda either: (len(either), either)))
    return found


def _is_near(word: str, other: str) -> bool:
    short, long = (word, other) if len(word) <= len(other) else (other, word)
    if len(short) < LEAST_HELD:
        return len(short) == 4 and len(long) <= 6 and long.startswith(short)  # load, loads; open, opened
    return short in long or (short[:5] == long[:5] and _alike_to(short, long) >= 0.6 * len(long))


def _alike_to(short: str, long: str) -> int:
    """How many letters from the beginning are the same."""
    return next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
