# Completion of remit for fish. The table stands in remit itself (remit --print-options); this file
# is made from it when remit is installed.

set -g __remit_table (string split \n -- '
@TABLE@
')

# Prints the command that is being completed and the number of the argument at the cursor; `program`
# and the count of words before it, where that is a command line of its own.
function __remit_place
    set -l words (commandline -opc)
    set -l command $words[2]
    set -l number 1
    set -l ended no
    set -l i 3
    while test $i -le (count $words)
        set -l word $words[$i]
        if test $ended = no -a "x$word" = x--
            set ended yes
        else if test $ended = no; and string match -q -- '-?*' $word
            if __remit_takes_value "$command" $word
                set i (math $i + 1)
            end
        else if test (__remit_kind "$command" $number) = program
            break
        else
            set number (math $number + 1)
        end
        set i (math $i + 1)
    end
    echo $command
    if test (__remit_kind "$command" $number) = program
        echo program
        # With its options still open, a word may be either.
        echo (math $i - 1)
        test $ended = no -a $i -gt (count $words); and echo open
    else
        echo $number
        echo $ended
    end
end

# __remit_takes_value COMMAND WORD: whether the next word is the value of this option.
function __remit_takes_value
    for row in $__remit_table
        set -l fields (string split \t -- $row)
        test "$fields[1]" = option -a "$fields[2]" = "$argv[1]"; or continue
        if test "x--$fields[4]" = "x$argv[2]"; or test "x-$fields[3]" = "x$argv[2]"
            test "$fields[5]" != -
            return
        end
    end
    return 1
end

# __remit_kind COMMAND NUMBER: the kind of the argument of that number.
function __remit_kind
    for row in $__remit_table
        set -l fields (string split \t -- $row)
        test "$fields[1]" = argument -a "$fields[2]" = "$argv[1]"; or continue
        if contains -- "$fields[3]" $argv[2] +
            echo $fields[5]
            return
        end
    end
    echo none
end

# Conditions: no command yet; options of this command; an argument of this kind.
function __remit_no_command
    test (count (commandline -opc)) -eq 1
end

function __remit_options_of
    set -l place (__remit_place)
    test "$place[1]" = $argv[1]; or return 1
    if test "$place[2]" = program
        test "$place[4]" = open
    else
        test "$place[3]" = no
    end
end

function __remit_argument_of
    set -l place (__remit_place)
    test "$place[1]" = $argv[1]; or return 1
    test "$place[2]" = program -a $argv[2] = program; and return 0
    test "$place[2]" != program; or return 1
    test (__remit_kind $place[1] $place[2]) = $argv[2]
end

# __remit_values KIND...: the values of these kinds.
function __remit_values
    for row in $__remit_table
        set -l fields (string split \t -- $row)
        test "$fields[1]" = value; and contains -- $fields[2] $argv; and echo $fields[3]
    end
end

# What stands behind `--name=`, or the word at the cursor.
function __remit_word
    string replace -r -- '^--[^=]*=' '' (commandline -ct)
end

function __remit_rule
    set -l word (__remit_word)
    switch $word
        case 'read:*' 'write:*'
            set -l effect (string split -m 1 : -- $word)
            printf "$effect[1]:%s\n" (complete -C "'' $effect[2]")
        case 'exec:*'
            set -l effect (string split -m 1 : -- $word)
            printf "$effect[1]:%s\n" (complete -C "'' $effect[2]") (complete -C "$effect[2]")
        case '*'
            __remit_values rule
    end
end

function __remit_approver
    set -l word (__remit_word)
    switch $word
        case 'exec:*'
            set -l way (string split -m 1 : -- $word)
            printf "$way[1]:%s\n" (complete -C "'' $way[2]")
        case '*'
            __remit_values approver
    end
end

function __remit_program
    set -l place (__remit_place)
    set -l words (commandline -opc)
    set -l line (commandline -ct)
    test $place[3] -lt (count $words)
    and set line (string escape -- $words[(math $place[3] + 1)..-1]) $line
    string match -q -- '-*' $line; and return
    complete --do-complete="$line"
end

# __remit_define KIND NAME ARGUMENT...: gives `complete` ARGUMENTS and what completes such a value.
function __remit_define
    set -l kind $argv[1]
    set -l name $argv[2]
    set -e argv[1 2]
    switch $kind
        case file
            complete -c remit $argv -F -a "(__remit_values '$name')"
        case directory
            complete -c remit $argv -f -a '(__fish_complete_directories (__remit_word))'
        case variable
            complete -c remit $argv -f -a '(set -nx)'
        case rule
            complete -c remit $argv -f -a '(__remit_rule)'
        case approver
            complete -c remit $argv -f -a '(__remit_approver)'
        case program
            complete -c remit $argv -f -a '(__remit_program)'
        case free unknown
            complete -c remit $argv -f
        case '*'
            complete -c remit $argv -f -a "(__remit_values $kind)"
    end
end

complete -c remit -f
for row in $__remit_table
    set -l fields (string split \t -- $row)
    switch "$fields[1]"
        case command
            complete -c remit -n __remit_no_command -a "$fields[2]" -d "$fields[4]"
        case option
            set -l names -l $fields[4]
            test $fields[3] != -; and set -a names -s $fields[3]
            set -a names -n "__remit_options_of $fields[2]" -d "$fields[7]"
            if test "$fields[5]" = -
                complete -c remit $names
            else
                __remit_define $fields[6] $fields[4] $names -r
            end
        case argument
            __remit_define $fields[5] none -n "__remit_argument_of $fields[2] $fields[5]"
    end
end
