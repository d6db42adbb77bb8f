"""The checklist a new desk starts with, as plain data. `limits` are what turns an answer into a finding, and stand beside it.

The mappings are labelled "helps with": N = NIST CSF 2.0, A = ISO/IEC 27001:2022 Annex A, P = phase of ISO/IEC 27035,
I = ITIL 4 incident management. They claim nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Question(NamedTuple):
    key: str
    text: str
    why: str
    limits: Mapping[str, float]
    helps_with: str


QUESTIONS: tuple[Question, ...] = (
    Question("plan_current", "Is the plan current and owned?", "A plan nobody owns describes a company that is gone.",
             {"oldest_days": 365, "overdue_days": 30}, "N ID.IM-04, GV.PO-02; A 5.24; P plan"),
    Question("plan_read", "Have its readers read it?", "At night nobody reads a plan for the first time.",
             {"least_percent": 95}, "N PR.AT-02; A 6.3"),
    Question("roles_filled", "Are all roles filled, with deputies?", "People are ill, on holiday and asleep.",
             {"least_holders": 2}, "N GV.RR-02; A 5.2, 5.24"),
    Question("changes", "What changed since sign-off?", "Small changes add up to a plan nobody agreed to.",
             {}, "N ID.IM-04; I periodic review"),
    Question("on_call_gaps", "Is someone on call at every minute?", "A gap goes to the last resort, which is meant for accidents.",
             {"days_ahead": 14}, "N GV.RR-03, RS.MA-01; A 5.24"),
    Question("two_ways", "Can each on-call person be reached two ways?", "One dead phone must not mean that nobody wakes up.",
             {"least_ways": 2, "days_ahead": 60, "proved_days": 90}, "N RS.CO-02; A 5.24"),
    Question("last_resort", "Does the last resort work?", "It is dialled once a year, in the worst hour.",
             {"least_ways": 2, "tested_days": 90}, "N RS.MA-04"),
    Question("reaches_someone", "Would a SEV1 reach a person now, and on the worst night?",
             "Asked of the engine itself, for each tier-1 service.",
             {"most_minutes": 10}, "N RS.MA-04; I handling"),
    Question("pages_delivered", "Were pages delivered?", "Sent is what we did; delivered is what happened.",
             {"most_failed_percent": 2}, "N RS.CO-02"),
    Question("pages_in_time", "Do messages go out in time?", "A page that waits in our own queue is our own outage.",
             {"most_p99_s": 10, "silence_minutes": 3}, "N DE.AE-06"),
    Question("calendars", "Are calendars right for the year ahead?", "Clocks stand still on holidays only if they know them.",
             {"days_ahead": 365}, "I (agreed times)"),
    Question("times_met", "Time to answer, acknowledge, restore against the plan's table", "What was promised, against what was done.",
             {"most_missed_percent": 10, "most_without_reason": 0}, "N RS.MA-02, RS.MA-03; I handling"),
    Question("severity_right", "Was severity right?", "A rule that people correct every fifth time is a wrong rule.",
             {"most_overridden_percent": 20, "least_n": 10, "raised_minutes": 30}, "N RS.MA-03, DE.AE-04; A 5.25; P assess"),
    Question("rules_fit", "Do rules still fit?", "Rules outlive the trouble they were written for.",
             {"silent_days": 180, "most_a_week": 20, "shadow_days": 60}, "N DE.AE-08 (declaration criteria); P assess"),
    Question("missed_by_monitoring", "What was missed by monitoring?", "When people tell us first, a check is missing.",
             {"most_by_people_percent": 25}, "N DE.CM-01, DE.CM-09; A 8.16; P detect"),
    Question("noise", "How much of it was noise?", "Who is woken for nothing stops waking up.",
             {"most_nights_a_week": 2, "short_minutes": 5, "most_noise_percent": 30}, "N DE.AE-02; A 8.16"),
    Question("muted", "What is muted?", "A silence outlives its reason.",
             {"shown_days": 7, "most_days": 30}, "A 8.16"),
    Question("come_back", "Do problems come back?", "The third time is no accident.",
             {"least_times": 3, "problem_days": 90}, "N ID.IM-03; A 5.27; I periodic review"),
    Question("reports_written", "Were reports written, actions done?", "A lesson without an owner is learned again.",
             {"working_days": 5, "most_overdue_days": 30, "least_moves": 2}, "N ID.IM-03, RC.RP-06; A 5.27; P learn"),
    Question("exercised", "Was it exercised?", "Once in 6 months at least, and not always with the same people.",
             {"most_days": 183, "year_days": 365}, "N ID.IM-02; A 5.24; P plan"),
    Question("security", "Security and loss: confidential, evidence kept, obligations decided?",
             "Authorities ask when we knew, and who read it.",
             {"decided_hours": 24}, "N RS.AN-06, RS.AN-07, RS.CO-02, GV.OC-03; A 5.26, 5.28, 5.5, 6.8"),
    Question("suppliers", "Are the suppliers in the chain reachable?", "A contract number found at night is worth a contract.",
             {"tested_days": 180, "most_breaches": 3}, "N GV.SC-08; A 5.19 to 5.22"),
    Question("rights", "Who can do what?", "Rights are given in a hurry and taken back never.",
             {"unused_days": 90}, "N PR.AA-05; A 5.15, 5.18, 8.2, 8.15"),
    Question("restore", "Can we restore, and run without SSO, mail or Twilio?", "A backup is what came back, not what was written.",
             {"most_days": 90, "most_minutes": 120}, "N PR.DS-11, RC.RP-03; A 8.13, 5.30"),
    Question("load", "Load and rest", "Tired people make the second outage.",
             {"most_nights": 7, "rest_h": 11}, "N GV.RR-03; A 5.24"),
    Question("last_findings", "Last review's findings", "A review nobody acts on is a habit.",
             {}, "N ID.IM-01; ISO 27001 clause 10.2; P learn"),
)  # fmt: skip
