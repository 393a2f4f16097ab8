// Made from the server's OpenAPI document by `make client`. Do not edit.

export interface paths {
    "/api/access/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a one-time code sent to an email address */
        post: operations["codes_send"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/access/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exchange a code for a token that proves the address */
        post: operations["codes_exchange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compare Redis and MongoDB while they serve */
        get: operations["admin_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/experts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add an expert */
        post: operations["admin_add_expert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/experts/{expert_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Replace all that is said of an expert */
        put: operations["admin_replace_expert"];
        post?: never;
        /** Take an expert, and all slots to come, off sale for good */
        delete: operations["admin_remove_expert"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/experts/{expert_id}/availability": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The hours by which slots are kept on sale */
        get: operations["admin_show_availability"];
        /** Keep slots on sale by weekly hours; what is outside of them now is closed, its bookings stay */
        put: operations["admin_set_availability"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/experts/{expert_id}/slots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put slots on sale; one that is there already stays as it is */
        post: operations["admin_add_slots"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/slots/{slot_id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a slot off sale; keep its bookings, or cancel them */
        post: operations["admin_close_slot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/slots/{slot_id}/open": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put a closed slot on sale again */
        post: operations["admin_open_slot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bookings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A customer's bookings, newest first */
        get: operations["bookings_find"];
        put?: never;
        /** Book a slot */
        post: operations["bookings_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bookings/{booking_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One booking */
        get: operations["bookings_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bookings/{booking_id}/calendar.ics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A booking for one's own calendar */
        get: operations["bookings_calendar_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bookings/{booking_id}/reschedule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Move a booking to another slot of the same expert */
        post: operations["bookings_reschedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bookings/{booking_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Confirm, complete or cancel a booking */
        patch: operations["bookings_change"];
        trace?: never;
    };
    "/api/categories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Categories and how many experts each has */
        get: operations["experts_categories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/experts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Browse and search experts */
        get: operations["experts_find"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/experts/{expert_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An expert and the slots by day */
        get: operations["experts_detail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hold a seat for a while */
        post: operations["holds_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/holds/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Give the seat back */
        delete: operations["holds_release"];
        options?: never;
        head?: never;
        /** Hold it longer, up to a total */
        patch: operations["holds_renew"];
        trace?: never;
    };
    "/avatars/{expert_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An expert's initials as a picture */
        get: operations["experts_avatar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This page */
        get: operations["docs_docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/errors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every error code */
        get: operations["docs_docs_errors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether this worker is alive */
        get: operations["ops_healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus metrics */
        get: operations["ops_prometheus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This API as OpenAPI 3.1 */
        get: operations["ops_openapi_json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether Redis, MongoDB and the live feed can be used */
        get: operations["ops_readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** Alive */
        Alive: {
            /**
             * Status
             * @constant
             */
            status: "ok";
        };
        /**
         * Arranged
         * @description What became of the slots to come, in numbers.
         */
        Arranged: {
            /** Added */
            added: number;
            /**
             * Bookings
             * @description Active bookings of slots outside these hours; they stay.
             */
            bookings: number;
            /** Closed */
            closed: number;
            /**
             * Held
             * @description As they were until somebody's hold is over, a minute later.
             */
            held: number;
            /**
             * Leftout
             * @description Not put on sale: other slots, or bookings, are in their way.
             */
            leftOut: number;
            /**
             * Opened
             * @description On sale again, or with another end or number of seats.
             */
            opened: number;
        };
        /** AuditAnswer */
        AuditAnswer: {
            /** Bookings */
            bookings: number;
            /** Clean */
            clean: boolean;
            /** Experts */
            experts: number;
            /** Findings */
            findings: components["schemas"]["Finding"][];
            /** Holds */
            holds: number;
            /** Partitions */
            partitions: number;
            /** Seconds */
            seconds: number;
            /** Slots */
            slots: number;
            /**
             * Unwritten
             * @description Changes that were on their way to MongoDB.
             */
            unwritten: number;
        };
        /** Availability */
        Availability: {
            /** Bufferminutes */
            bufferMinutes: number;
            /** Exceptions */
            exceptions: components["schemas"]["ExceptionalDay"][];
            /** Noticeminutes */
            noticeMinutes: number;
            /** Seats */
            seats: number;
            /** Slotminutes */
            slotMinutes: number;
            /**
             * Timezone
             * @description The expert's.
             */
            timeZone: string;
            /** Weekly */
            weekly: components["schemas"]["WeeklyHours-Output"][];
            /** Windowdays */
            windowDays: number;
        };
        /** AvailabilityAnswer */
        AvailabilityAnswer: {
            /** @description Null for an expert whose slots are added by hand. */
            availability: components["schemas"]["Availability"] | null;
        };
        /** AvailabilitySet */
        AvailabilitySet: {
            availability: components["schemas"]["Availability"];
            slots: components["schemas"]["Arranged"];
        };
        /** BookedExpert */
        BookedExpert: {
            /** Category */
            category: string;
            /** Email */
            email: string;
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Phone */
            phone: string;
        };
        /** BookedSlot */
        BookedSlot: {
            /**
             * End
             * Format: date-time
             */
            end: string;
            /** Id */
            id: string;
            /**
             * Start
             * Format: date-time
             */
            start: string;
        };
        /** Booking */
        Booking: {
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /** Email */
            email: string;
            expert: components["schemas"]["BookedExpert"];
            /** History */
            history: components["schemas"]["HistoryEntry"][];
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Notes */
            notes: string;
            /** Phone */
            phone: string;
            slot: components["schemas"]["BookedSlot"];
            status: components["schemas"]["Status"];
            /**
             * Updatedat
             * Format: date-time
             */
            updatedAt: string;
        };
        /** BookingAnswer */
        BookingAnswer: {
            booking: components["schemas"]["Booking"];
        };
        /** BookingClaimed */
        BookingClaimed: {
            /**
             * Accesstoken
             * @description Opens this booking alone.
             */
            accessToken: string;
            booking: components["schemas"]["Booking"];
            /**
             * Statusurl
             * @description Tells how the claim ended.
             */
            statusUrl: string;
        };
        /** BookingCreated */
        BookingCreated: {
            /**
             * Accesstoken
             * @description Opens this booking alone.
             */
            accessToken: string;
            booking: components["schemas"]["Booking"];
        };
        /** Bookings */
        Bookings: {
            /** Bookings */
            bookings: components["schemas"]["Booking"][];
            /** Limit */
            limit: number;
            /** Page */
            page: number;
            /** Pages */
            pages: number;
            /** Total */
            total: number;
        };
        /** Categories */
        Categories: {
            /** Categories */
            categories: components["schemas"]["Category"][];
        };
        /** Category */
        Category: {
            /** Experts */
            experts: number;
            /** Name */
            name: string;
        };
        /** Closing */
        Closing: {
            /**
             * Bookings
             * @description What is to become of the slot's bookings; a slot that has some is not closed without it.
             * @default null
             */
            bookings?: ("keep" | "cancel") | null;
            /**
             * Reason
             * @description For the history of what is cancelled.
             * @default null
             */
            reason?: string | null;
        };
        /** CodeGiven */
        CodeGiven: {
            /** Code */
            code: string;
            /** Email */
            email: string;
        };
        /** CodeWish */
        CodeWish: {
            /** Email */
            email: string;
        };
        /** Day */
        Day: {
            /**
             * Date
             * Format: date
             */
            date: string;
            /** Slots */
            slots: components["schemas"]["Slot"][];
        };
        /** EmailToken */
        EmailToken: {
            /**
             * Expiresat
             * Format: date-time
             */
            expiresAt: string;
            /**
             * Token
             * @description To be sent as `Authorization: Bearer …`; proves the address.
             */
            token: string;
        };
        /** ExceptionalDay */
        ExceptionalDay: {
            /**
             * Date
             * Format: date
             */
            date: string;
            /** Hours */
            hours: components["schemas"]["OpenHours-Output"][];
        };
        /** ExceptionForm */
        ExceptionForm: {
            /**
             * Date
             * Format: date
             */
            date: string;
            /**
             * Hours
             * @description Instead of the weekly ones of that day; none: a day off.
             */
            hours: components["schemas"]["OpenHours-Input"][];
        };
        /** ExpertAnswer */
        ExpertAnswer: {
            expert: components["schemas"]["ExpertRecord"];
        };
        /** ExpertCalendar */
        ExpertCalendar: {
            /** Days */
            days: components["schemas"]["Day"][];
            /** Epoch */
            epoch: string;
            expert: components["schemas"]["ExpertDetail"];
            /** Version */
            version: number;
        };
        /** ExpertDetail */
        ExpertDetail: {
            /** Avatarurl */
            avatarUrl: string;
            /** Bio */
            bio: string;
            /** Category */
            category: string;
            /**
             * Experience
             * @description Years.
             */
            experience: number;
            /** Headline */
            headline: string;
            /** Id */
            id: string;
            /** Languages */
            languages: string[];
            /** Name */
            name: string;
            /**
             * Nextopen
             * @description Start of the next open slot.
             */
            nextOpen: string | null;
            /** Rating */
            rating: number;
            /** Reviewcount */
            reviewCount: number;
            /** Timezone */
            timeZone: string;
        };
        /**
         * ExpertRecord
         * @description An expert as the administrator sees one.
         */
        ExpertRecord: {
            /** Avatarurl */
            avatarUrl: string;
            /** Bio */
            bio: string;
            /** Category */
            category: string;
            /** Email */
            email: string;
            /**
             * Experience
             * @description Years.
             */
            experience: number;
            /** Headline */
            headline: string;
            /** Id */
            id: string;
            /** Languages */
            languages: string[];
            /** Name */
            name: string;
            /** Phone */
            phone: string;
            /** Rating */
            rating: number;
            /** Reviewcount */
            reviewCount: number;
            /** Timezone */
            timeZone: string;
        };
        /** Experts */
        Experts: {
            /** Experts */
            experts: components["schemas"]["ExpertSummary"][];
            /** Limit */
            limit: number;
            /** Page */
            page: number;
            /** Pages */
            pages: number;
            /** Total */
            total: number;
        };
        /** ExpertSummary */
        ExpertSummary: {
            /** Avatarurl */
            avatarUrl: string;
            /** Category */
            category: string;
            /**
             * Experience
             * @description Years.
             */
            experience: number;
            /** Headline */
            headline: string;
            /** Id */
            id: string;
            /** Name */
            name: string;
            /**
             * Nextopen
             * @description Start of the next open slot.
             */
            nextOpen: string | null;
            /** Rating */
            rating: number;
            /** Reviewcount */
            reviewCount: number;
        };
        /** FieldError */
        FieldError: {
            /** Field */
            field: string;
            /** Message */
            message: string;
        };
        /** Finding */
        Finding: {
            /** Detail */
            detail: string;
            /** Kind */
            kind: string;
            /** Partition */
            partition: number;
            /** Subject */
            subject: string;
        };
        /** HistoryEntry */
        HistoryEntry: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** By */
            by: string;
            from: components["schemas"]["Status"] | null;
            /** Reason */
            reason: string | null;
            to: components["schemas"]["Status"];
        };
        /** HoldAnswer */
        HoldAnswer: {
            /**
             * Expiresat
             * Format: date-time
             */
            expiresAt: string;
            /** Holdtoken */
            holdToken: string;
        };
        /**
         * NewAvailability
         * @description When an expert takes sessions, all of it, in the expert's own zone.
         */
        NewAvailability: {
            /**
             * Bufferminutes
             * @description The pause between two slots.
             * @default 0
             */
            bufferMinutes?: number;
            /** Exceptions */
            exceptions?: components["schemas"]["ExceptionForm"][];
            /**
             * Noticeminutes
             * @description A slot goes off sale so long before it begins.
             * @default 0
             */
            noticeMinutes?: number;
            /**
             * Seats
             * @default 1
             */
            seats?: number;
            /** Slotminutes */
            slotMinutes: number;
            /** Weekly */
            weekly: components["schemas"]["WeeklyHours-Input"][];
            /**
             * Windowdays
             * @description So many days are on sale, in the expert's zone, today first.
             * @default 28
             */
            windowDays?: number;
        };
        /** NewBooking */
        NewBooking: {
            /** Email */
            email: string;
            /** Expertid */
            expertId: string;
            /**
             * Holdtoken
             * @default
             */
            holdToken?: string;
            /** Name */
            name: string;
            /**
             * Notes
             * @default
             */
            notes?: string;
            /** Phone */
            phone: string;
            /** Slotid */
            slotId: string;
        };
        /**
         * NewExpert
         * @description An expert, all of it: what is not said is as if it had never been.
         */
        NewExpert: {
            /**
             * Bio
             * @default
             */
            bio?: string;
            /** Category */
            category: string;
            /** Email */
            email: string;
            /**
             * Experience
             * @description Years.
             */
            experience: number;
            /** Headline */
            headline: string;
            /** Languages */
            languages: string[];
            /** Name */
            name: string;
            /** Phone */
            phone: string;
            /**
             * Rating
             * @default 0
             */
            rating?: number;
            /**
             * Reviewcount
             * @default 0
             */
            reviewCount?: number;
            /**
             * Timezone
             * Format: time-zone
             * @example Europe/Berlin
             */
            timeZone: string;
        };
        /** NewHold */
        NewHold: {
            /** Expertid */
            expertId: string;
            /** Slotid */
            slotId: string;
        };
        /** NewSlots */
        NewSlots: {
            /** Slots */
            slots: components["schemas"]["SlotForm"][];
        };
        /**
         * OpenHours
         * @description From one time of day until another, on the wall clock of the expert's zone.
         */
        "OpenHours-Input": {
            /**
             * Time of day
             * @description At or before `opens` it is a time on the next day.
             * @example 09:30
             */
            closes: string;
            /**
             * Time of day
             * @example 09:30
             */
            opens: string;
        };
        /** OpenHours */
        "OpenHours-Output": {
            /**
             * Closes
             * @description Time of day; at or before `opens` on the next day.
             */
            closes: string;
            /**
             * Opens
             * @description Time of day.
             * @example 09:30
             */
            opens: string;
        };
        /**
         * Problem
         * @description RFC 9457.
         */
        Problem: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
            /**
             * Errors
             * @default null
             */
            errors?: components["schemas"]["FieldError"][] | null;
            /** Requestid */
            requestId: string;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /** Type */
            type: string;
        };
        /** Ready */
        Ready: {
            /**
             * Parts
             * @description `ok`, or what is wrong, for each part the server stands on.
             */
            parts: {
                [key: string]: string;
            };
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
        };
        /** Reschedule */
        Reschedule: {
            /**
             * Reason
             * @default null
             */
            reason?: string | null;
            /** Slotid */
            slotId: string;
        };
        /** Slot */
        Slot: {
            /**
             * End
             * Format: date-time
             */
            end: string;
            /** Free */
            free: number;
            /**
             * Helduntil
             * @description When the first hold ends, while there is one.
             */
            heldUntil: string | null;
            /** Id */
            id: string;
            /** Seats */
            seats: number;
            /**
             * Start
             * Format: date-time
             */
            start: string;
            state: components["schemas"]["SlotState"];
        };
        /** SlotAnswer */
        SlotAnswer: {
            slot: components["schemas"]["Slot"];
        };
        /** SlotClosed */
        SlotClosed: {
            /**
             * Cancelled
             * @description Bookings that were cancelled.
             */
            cancelled: number;
            /**
             * Kept
             * @description Active bookings that the slot still has.
             */
            kept: number;
            slot: components["schemas"]["Slot"];
        };
        /** SlotForm */
        SlotForm: {
            /**
             * End
             * Format: date-time
             * @description A whole minute, 5 minutes to 24 hours after the start.
             */
            end: string;
            /**
             * Seats
             * @default 1
             */
            seats?: number;
            /**
             * Start
             * Format: date-time
             * @description A whole minute to come.
             */
            start: string;
        };
        /** SlotsAnswer */
        SlotsAnswer: {
            /** Slots */
            slots: components["schemas"]["Slot"][];
        };
        /**
         * SlotState
         * @enum {string}
         */
        SlotState: "open" | "held" | "booked" | "past" | "closed";
        /**
         * Status
         * @enum {string}
         */
        Status: "pending" | "confirmed" | "completed" | "cancelled";
        /** StatusChange */
        StatusChange: {
            /**
             * Reason
             * @default null
             */
            reason?: string | null;
            status: components["schemas"]["Status"];
        };
        /** WeeklyHours */
        "WeeklyHours-Input": {
            /**
             * Time of day
             * @description At or before `opens` it is a time on the next day.
             * @example 09:30
             */
            closes: string;
            /**
             * Time of day
             * @example 09:30
             */
            opens: string;
            /**
             * Weekday
             * @enum {string}
             */
            weekday: "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday";
        };
        /** WeeklyHours */
        "WeeklyHours-Output": {
            /**
             * Closes
             * @description Time of day; at or before `opens` on the next day.
             */
            closes: string;
            /**
             * Opens
             * @description Time of day.
             * @example 09:30
             */
            opens: string;
            /** Weekday */
            weekday: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    codes_send: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeWish"];
            };
        };
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    codes_exchange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeGiven"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailToken"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_add_expert: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body have one effect and give the same answer, however often they are sent. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewExpert"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpertAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency-key-reused`: This Idempotency-Key was used for another request. · `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_replace_expert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                expert_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewExpert"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpertAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-not-found`: There is no such expert. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_remove_expert: {
        parameters: {
            query?: {
                bookings?: "keep" | "cancel";
                reason?: string;
            };
            header?: never;
            path: {
                expert_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-not-found`: There is no such expert. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-has-bookings`: This expert has bookings: say whether to keep or to cancel them. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_show_availability: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                expert_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AvailabilityAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-not-found`: There is no such expert. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_set_availability: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                expert_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAvailability"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AvailabilitySet"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-not-found`: There is no such expert. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_add_slots: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                expert_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSlots"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlotsAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-not-found`: There is no such expert. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-overlaps`: A slot would overlap with another one of the expert. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_close_slot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slot_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Closing"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlotClosed"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-not-found`: There is no such slot. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-has-bookings`: This slot has bookings: say whether to keep or to cancel them. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_open_slot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlotAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-not-found`: There is no such slot. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-overlaps`: A slot would overlap with another one of the expert. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bookings_find: {
        parameters: {
            query: {
                email: string;
                limit?: number;
                page?: number;
                status?: "pending" | "confirmed" | "completed" | "cancelled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bookings"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bookings_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body have one effect and give the same answer, however often they are sent. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBooking"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingCreated"];
                };
            };
            /** @description Done. */
            202: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingClaimed"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-not-found`: There is no such slot. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `hold-expired`: Your hold has ended, and somebody else has the slot. · `slot-closed`: This slot is closed. · `slot-held`: Somebody else is filling in the form for this slot. · `slot-past`: This slot has already begun. · `slot-taken`: Somebody else has just taken this slot. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency-key-reused`: This Idempotency-Key was used for another request. · `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bookings_read: {
        parameters: {
            query?: {
                stored?: boolean;
            };
            header?: never;
            path: {
                booking_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingAnswer"];
                };
            };
            /** @description Done. */
            202: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `booking-not-found`: There is no such booking. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bookings_calendar_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                booking_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/calendar": unknown;
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `booking-not-found`: There is no such booking. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bookings_reschedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                booking_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reschedule"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `booking-not-found`: There is no such booking. · `slot-not-found`: There is no such slot. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-transition`: A booking cannot go from its status to that one. · `slot-closed`: This slot is closed. · `slot-held`: Somebody else is filling in the form for this slot. · `slot-past`: This slot has already begun. · `slot-taken`: Somebody else has just taken this slot. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bookings_change: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                booking_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatusChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Show who you are: a bearer token is missing, wrong or over. */
            401: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: That is not for you to do. */
            403: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `booking-not-found`: There is no such booking. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-transition`: A booking cannot go from its status to that one. · `slot-past`: This slot has already begun. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experts_categories: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Categories"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experts_find: {
        parameters: {
            query?: {
                category?: string;
                limit?: number;
                page?: number;
                search?: string;
                sort?: "rating" | "experience" | "name";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experts"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experts_detail: {
        parameters: {
            query?: {
                from?: string;
                to?: string;
                tz?: string;
            };
            header?: never;
            path: {
                expert_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpertCalendar"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-not-found`: There is no such expert. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    holds_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body have one effect and give the same answer, however often they are sent. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewHold"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. · `malformed-json`: The body is not JSON. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-not-found`: There is no such slot. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `slot-closed`: This slot is closed. · `slot-held`: Somebody else is filling in the form for this slot. · `slot-past`: This slot has already begun. · `slot-taken`: Somebody else has just taken this slot. */
            409: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is larger than we take. */
            413: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency-key-reused`: This Idempotency-Key was used for another request. · `validation-failed`: Some fields are not as they should be. */
            422: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    holds_release: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `hold-not-found`: There is no such hold, or it is over. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    holds_renew: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldAnswer"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `hold-not-found`: There is no such hold, or it is over. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too much for now: wait a little. */
            429: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experts_avatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                expert_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "image/svg+xml": unknown;
                };
            };
            /** @description Done. */
            304: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `expert-not-found`: There is no such expert. */
            404: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `store-unavailable`: The booking store cannot answer just now. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    docs_docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    docs_docs_errors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ops_healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ops_prometheus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ops_openapi_json: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ops_readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
            /** @description `bad-request`: The request cannot be understood. */
            400: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            503: {
                headers: {
                    /** @description Names this request. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
        };
    };
}
