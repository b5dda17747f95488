# SPDX-License-Identifier: BSD-2-Clause
# Makes NETDIAG-MIB(7) of NETDIAG-MIB.txt: each object with its OID, what it is and its description.

# Ends a paragraph or an item of the page; the macros stand at the beginnings of lines.
function say(text) { print text }

# The text of a description as mdoc: its paragraphs, without the indentation.
function prose(text,    lines, n, i, line, blank) {
    n = split(text, lines, "\n")
    blank = 1
    for (i = 1; i <= n; i++) {
        line = lines[i]
        gsub(/^[ \t]+|[ \t]+$/, "", line)
        gsub(/\\/, "\\e", line)
        if (line == "") {
            if (!blank) say(".Pp")
            blank = 1
            continue
        }
        # A line of its own for each value of a list as in "ok(1): its rows are complete".
        if (line ~ /^[a-zA-Z0-9]+\([0-9]+\)/ && !blank) say(".br")
        # In mdoc each sentence begins on a line of its own.
        while (match(line, /[^ ]\. [^ ]/)) {
            say(substr(line, 1, RSTART + 1))
            line = substr(line, RSTART + 3)
        }
        if (line ~ /^[.']/) line = "\\&" line
        say(line)
        blank = 0
    }
}

# What stands behind a word of a definition, up to the next word of its level.
function clause(block, word,    at, rest) {
    at = match(block, "(^|[ \n])" word "[ \n]+")
    if (!at) return ""
    rest = substr(block, RSTART + RLENGTH)
    sub(/(^|[ \n])(UNITS|MAX-ACCESS|STATUS|DESCRIPTION|DISPLAY-HINT|INDEX|OBJECTS|SYNTAX|--#|::=)[ \n].*/, "", rest)
    gsub(/[ \t\n]+/, " ", rest)
    sub(/ $/, "", rest)
    return rest
}

# The list within braces behind a word.
function braces(block, word,    rest) {
    if (!match(block, "(^|[ \n])" word "[ \n]+{")) return ""
    rest = substr(block, RSTART + RLENGTH)
    sub(/}.*/, "", rest)
    gsub(/[ \t\n]+/, " ", rest)
    gsub(/^ | $/, "", rest)
    return rest
}

function description(block,    rest) {
    if (!match(block, /DESCRIPTION[ \n]+"/)) return ""
    rest = substr(block, RSTART + RLENGTH)
    sub(/".*/, "", rest)
    return rest
}

function section(title) {
    if (in_list) say(".El")
    in_list = 0
    say(".Sh " title)
}

function subsection(title, oid) {
    if (in_list) say(".El")
    in_list = 0
    say(".Ss " title)
    say("OID " oid ".")
}

function item(name, what) {
    if (!in_list) say(".Bl -tag -width Ds")
    in_list = 1
    say(".It Va " name)
    say(what)
    say(".Pp")
}

# A whole definition: its name, its kind, its text, its parent and its arc.
function define(name, kind, block, parent, arc,    syntax, units, entry, what) {
    oid[name] = oid[parent] "." arc
    if (kind == "MODULE-IDENTITY") {
        updated = clause(block, "LAST-UPDATED")
        head(substr(updated, 2, 4), substr(updated, 6, 2) + 0, substr(updated, 8, 2) + 0)
        prose(description(block))
        section("OBJECTS")
    } else if (kind == "OBJECT-TYPE" && block ~ /SYNTAX +SEQUENCE OF/) {
        table = name
        subsection(name, oid[name])
        say(".Pp")
        prose(description(block))
    } else if (kind == "OBJECT-TYPE" && parent == table) { # its entry
        row = name
        say(".Pp")
        say("Index: " braces(block, "INDEX") ".")
        prose(description(block))
    } else if (kind == "OBJECT-TYPE") {
        if (parent != row && parent != group) {
            group = parent
            subsection(parent, oid[parent])
        }
        syntax = clause(block, "SYNTAX")
        units = clause(block, "UNITS")
        gsub(/"/, "", units)
        what = arc ", " syntax (units == "" ? "" : ", " units)
        item(name, what (block ~ /not-accessible/ ? ", index" : ""))
        prose(description(block))
    } else if (kind == "NOTIFICATION-TYPE") {
        if (!notifications++) section("NOTIFICATIONS")
        subsection(name, oid[name])
        say(".Pp")
        prose(description(block))
        say(".Pp")
        say("Objects: " braces(block, "OBJECTS") ".")
    }
}

function head(year, month, day,    months) {
    split("January February March April May June July August September October November December", months, " ")
    say(".\\\" Made of NETDIAG-MIB.txt.")
    say(".Dd " months[month] " " day ", " year)
    say(".Dt NETDIAG-MIB 7")
    say(".Os")
    say(".Sh NAME")
    say(".Nm NETDIAG-MIB")
    say(".Nd packet loss of a Linux host, as netdiagd serves it")
    say(".Sh DESCRIPTION")
    say("This is what NETDIAG-MIB.txt says, for reading.")
    say("It begins with the OID, or with its last number, and the type of each object.")
    say(".Pp")
}

# --- reading ---------------------------------------------------------------------------------------

/^[A-Za-z][A-Za-z0-9]* +OBJECT IDENTIFIER ::= / {
    oid[$1] = oid[$6] "." $7
    next
}

name == "" && /^[a-z][A-Za-z0-9]* (MODULE-IDENTITY|OBJECT-TYPE|NOTIFICATION-TYPE)$/ {
    name = $1
    kind = $2
    block = ""
    next
}

name != "" && /^ *::= *{/ {
    if (kind == "MODULE-IDENTITY") { # { iso 3 6 ... }
        root = $0
        gsub(/^ *::= *{ *iso| *}.*$/, "", root)
        last = root
        sub(/^.* /, "", last)
        sub(/ [0-9]+$/, "", root)
        gsub(/ /, ".", root)
        oid["root"] = "1" root
        define(name, kind, block, "root", last)
    } else {
        define(name, kind, block, $3, $4)
    }
    name = ""
    next
}

name != "" { block = block $0 "\n" }

END {
    if (in_list) say(".El")
    say(".Sh SEE ALSO")
    say(".Xr netdiagd.conf 5 ,")
    say(".Xr netdiagd 8")
}
