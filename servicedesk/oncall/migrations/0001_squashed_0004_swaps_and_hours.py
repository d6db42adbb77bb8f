import datetime
import django.core.validators
import django.db.models.deletion
import servicedesk.schema
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('oncall', '0001_initial'), ('oncall', '0002_rotation_zone'), ('oncall', '0003_feeds_and_withdrawn'), ('oncall', '0004_swaps_and_hours')]

    initial = True

    dependencies = [
        ('account', '0009_emailaddress_unique_primary_email'),
        ('directory', '0004_status_page'),
        ('jobs', '0001_initial'),
        ('mfa', '0003_authenticator_type_uniq'),
        ('operations', '0002_retention'),
        ('socialaccount', '0006_alter_socialaccount_extra_data'),
        ('tokens', '0001_initial'),
        ('usersessions', '0001_initial'),
    ]

    operations = [
        servicedesk.schema.CreateTogether(
            operations=[migrations.CreateModel(
                name='Schedule',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('slug', models.SlugField(unique=True, verbose_name='short name')),
                    ('name', models.CharField(max_length=80, verbose_name='name')),
                    ('duty', models.CharField(blank=True, help_text='The word for who is on it: primary, secondary, IT manager on duty.', max_length=40, verbose_name='duty')),
                    ('zone', models.CharField(default='UTC', max_length=64, verbose_name='time zone')),
                    ('fallback', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='when nobody is on call')),
                    ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='schedules', to='directory.team', verbose_name='team')),
                ],
                options={
                    'verbose_name': 'schedule',
                    'verbose_name_plural': 'schedules',
                    'ordering': ['name'],
                },
            ), migrations.CreateModel(
                name='Rotation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveSmallIntegerField(default=0, help_text='A higher layer covers a lower one.', verbose_name='layer')),
                    ('kind', models.CharField(choices=[('daily', 'Days'), ('weekly', 'Weeks'), ('monthly', 'Months'), ('hours', 'Hours')], default='weekly', max_length=10, verbose_name='shifts are counted in')),
                    ('length', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)], verbose_name='shift length')),
                    ('handoff', models.TimeField(default=datetime.time(9, 0), verbose_name='hand-off')),
                    ('starts_on', models.DateField(verbose_name='first shift starts')),
                    ('weekdays', models.JSONField(blank=True, default=list, help_text='0 is Monday; empty: every day.', verbose_name='week days')),
                    ('valid_from', models.DateTimeField(blank=True, null=True, verbose_name='valid from')),
                    ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                    ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rotations', to='oncall.schedule', verbose_name='schedule')),
                    ('zone', models.CharField(blank=True, help_text='Empty: that of the schedule.', max_length=64, verbose_name='time zone')),
                    ('closes', models.TimeField(blank=True, null=True, verbose_name='only until')),
                    ('opens', models.TimeField(blank=True, help_text='With an end: only these hours of a day of duty.', null=True, verbose_name='only from')),
                ],
                options={
                    'verbose_name': 'rotation',
                    'verbose_name_plural': 'rotations',
                    'ordering': ['schedule', 'position', 'id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('closes', None), ('opens', None)), models.Q(('closes__isnull', False), ('opens__isnull', False)), _connector='OR'), name='hours_have_both_ends')],
                },
            ), migrations.CreateModel(
                name='Away',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('starts_at', models.DateTimeField(verbose_name='from')),
                    ('ends_at', models.DateTimeField(verbose_name='until')),
                    ('reason', models.CharField(blank=True, max_length=80, verbose_name='why')),
                    ('created_at', models.DateTimeField(verbose_name='made')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='away', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ],
                options={
                    'verbose_name': 'away',
                    'verbose_name_plural': 'away',
                    'ordering': ['starts_at'],
                    'indexes': [models.Index(fields=['person', 'ends_at'], name='away_person')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='away_ends_after_start')],
                },
            ), migrations.CreateModel(
                name='RotationMember',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveSmallIntegerField(verbose_name='turn')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rotation_places', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ('rotation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='oncall.rotation', verbose_name='rotation')),
                ],
                options={
                    'verbose_name': 'turn',
                    'verbose_name_plural': 'turns',
                    'ordering': ['rotation', 'position'],
                    'constraints': [models.UniqueConstraint(fields=('rotation', 'position'), name='one_person_a_turn')],
                },
            ), migrations.CreateModel(
                name='Override',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('cover', 'Covers for'), ('add', 'In addition'), ('remove', 'Not on call')], default='cover', max_length=10, verbose_name='kind')),
                    ('starts_at', models.DateTimeField(verbose_name='from')),
                    ('ends_at', models.DateTimeField(verbose_name='until')),
                    ('created_at', models.DateTimeField(verbose_name='made')),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='overrides', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                    ('replaces', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='instead of')),
                    ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='oncall.schedule', verbose_name='schedule')),
                    ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='withdrawn')),
                ],
                options={
                    'verbose_name': 'override',
                    'verbose_name_plural': 'overrides',
                    'ordering': ['starts_at'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='override_ends_after_start')],
                },
            ), migrations.CreateModel(
                name='Feed',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('scope', models.CharField(choices=[('all', 'All schedules'), ('mine', 'Only my shifts')], max_length=4, verbose_name='shows')),
                    ('secret', models.CharField(max_length=43, unique=True, verbose_name='secret')),
                    ('created_at', models.DateTimeField(verbose_name='made')),
                    ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='feeds', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ],
                options={
                    'verbose_name': 'calendar feed',
                    'verbose_name_plural': 'calendar feeds',
                    'ordering': ['person', 'scope', '-id'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('person', 'scope'), name='one_feed_a_scope')],
                },
            ), migrations.CreateModel(
                name='Swap',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('gives_from', models.DateTimeField(verbose_name='gives from')),
                    ('gives_until', models.DateTimeField(verbose_name='gives until')),
                    ('takes_from', models.DateTimeField(blank=True, null=True, verbose_name='takes from')),
                    ('takes_until', models.DateTimeField(blank=True, null=True, verbose_name='takes until')),
                    ('state', models.CharField(choices=[('asked', 'Asked'), ('agreed', 'Agreed'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Not answered in time')], default='asked', max_length=10, verbose_name='state')),
                    ('asked_at', models.DateTimeField(verbose_name='asked at')),
                    ('lapses_at', models.DateTimeField(verbose_name='lapses')),
                    ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                    ('asker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='swaps_asked', to=settings.AUTH_USER_MODEL, verbose_name='asks')),
                    ('other', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='swaps_offered', to=settings.AUTH_USER_MODEL, verbose_name='is asked')),
                    ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='swaps', to='oncall.schedule', verbose_name='schedule')),
                ],
                options={
                    'verbose_name': 'swap',
                    'verbose_name_plural': 'swaps',
                    'ordering': ['-id'],
                    'indexes': [models.Index(condition=models.Q(('state', 'asked')), fields=['lapses_at'], name='swap_lapses')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('gives_until__gt', models.F('gives_from'))), name='swap_ends_after_start'), models.CheckConstraint(condition=models.Q(('asker', models.F('other')), _negated=True), name='swap_of_two_people')],
                },
            )],
        ),
    ]
