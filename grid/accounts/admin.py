"""People, roles, communities and accounts: changed by superusers only."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from grid.accounts.models import Account, AccountMember, Community, RoleGrant, User, Zone


class SuperuserOnly(admin.ModelAdmin):
    """Superusers change; other staff look. Nothing is deleted here: facts cite these rows."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


class RoleGrantInline(admin.TabularInline):
    model = RoleGrant
    extra = 0


class AccountMemberInline(admin.TabularInline):
    model = AccountMember
    extra = 0


@admin.register(User)
class PersonAdmin(UserAdmin, SuperuserOnly):
    inlines = [RoleGrantInline, AccountMemberInline]
    list_display = ["username", "display_name", "is_active", "is_staff"]
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Commonwatt", {"fields": ["display_name"]}))


@admin.register(Community)
class CommunityAdmin(SuperuserOnly):
    list_display = ["name", "country", "currency", "time_zone", "minimum_membership"]


@admin.register(Zone)
class ZoneAdmin(SuperuserOnly):
    list_display = ["name", "community", "feeder_rating_w"]


@admin.register(Account)
class AccountAdmin(SuperuserOnly):
    list_display = ["label", "address", "community", "created_at"]
    readonly_fields = ["address", "created_at"]
    inlines = [AccountMemberInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
