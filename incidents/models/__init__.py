"""The desk's nouns: rows, constraints, querysets; no deeds."""

from __future__ import annotations

from incidents.models.alerts import LinkedAlert
from incidents.models.around import Presence, TimeSpent, Watcher
from incidents.models.articles import Article, ArticleVersion
from incidents.models.attachments import Attachment
from incidents.models.bulk import Batch, SavedView
from incidents.models.canned import CannedAnswer
from incidents.models.catalogue import CustomField, RequestType, Vendor
from incidents.models.commands import Command, RoleHolding, Update
from incidents.models.drafts import Draft
from incidents.models.duties import Approval, ChecklistItem, ScheduledTicket, VendorCase
from incidents.models.exercises import Exercise, ExerciseFinding
from incidents.models.feedback import ArticleVote, Satisfaction
from incidents.models.followers import Follower
from incidents.models.handovers import Handover
from incidents.models.hours import FollowedHours
from incidents.models.incidents import Incident, TimelineEntry
from incidents.models.levels import ServiceLevel, ServiceLevelVersion
from incidents.models.links import SignedLink
from incidents.models.mails import InboundMail, Mailbox
from incidents.models.mirrors import MirroredPage
from incidents.models.obligations import Obligation
from incidents.models.plans import Plan, PlanReading, PlanRole, PlanVersion, Runbook
from incidents.models.plansteps import PlanStep
from incidents.models.pledges import Pledge
from incidents.models.policies import LastResort, Policy, PolicyStep, PolicyVersion, StepTarget
from incidents.models.problems import Problem, SimilarVote
from incidents.models.readers import Reader, TicketReader
from incidents.models.relations import TicketLink
from incidents.models.report_mails import ReportMail
from incidents.models.reports import ActionItem, Report, Sentence
from incidents.models.reviews import PlanReview, ReviewFile, ReviewItem, ReviewQuestion
from incidents.models.rules import Evaluation, Firing, Rule, RuleVersion, SeverityLevel
from incidents.models.runs import Page, Run, StepRecord
from incidents.models.silences import Silence
from incidents.models.subscribers import Subscriber
from incidents.models.tickets import Entry, Ticket

__all__ = [
    "ActionItem",
    "Approval",
    "Article",
    "ArticleVersion",
    "ArticleVote",
    "Attachment",
    "Batch",
    "CannedAnswer",
    "ChecklistItem",
    "Command",
    "CustomField",
    "Draft",
    "Entry",
    "Evaluation",
    "Exercise",
    "ExerciseFinding",
    "Firing",
    "FollowedHours",
    "Follower",
    "Handover",
    "InboundMail",
    "Incident",
    "LastResort",
    "LinkedAlert",
    "Mailbox",
    "MirroredPage",
    "Obligation",
    "Page",
    "Plan",
    "PlanReading",
    "PlanReview",
    "PlanRole",
    "PlanStep",
    "PlanVersion",
    "Pledge",
    "Policy",
    "PolicyStep",
    "PolicyVersion",
    "Presence",
    "Problem",
    "Reader",
    "Report",
    "ReportMail",
    "RequestType",
    "ReviewFile",
    "ReviewItem",
    "ReviewQuestion",
    "RoleHolding",
    "Rule",
    "RuleVersion",
    "Run",
    "Runbook",
    "Satisfaction",
    "SavedView",
    "ScheduledTicket",
    "Sentence",
    "ServiceLevel",
    "ServiceLevelVersion",
    "SeverityLevel",
    "SignedLink",
    "Silence",
    "SimilarVote",
    "StepRecord",
    "StepTarget",
    "Subscriber",
    "Ticket",
    "TicketLink",
    "TicketReader",
    "TimeSpent",
    "TimelineEntry",
    "Update",
    "Vendor",
    "VendorCase",
    "Watcher",
]
