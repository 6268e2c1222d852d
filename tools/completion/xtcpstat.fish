# SPDX-License-Identifier: GPL-2.0
# Completion of xtcpstat for fish. The lists are the program's: "make check" compares them.

set -g __xtcpstat_commands events life top why kill set fsm counters stats reasons metrics
set -g __xtcpstat_options --all --listening --numeric --ipv4 --ipv6 --programs --extend --timers --info --memory --continuous --statistics --no-header --net --tcp --udp --raw --wide --batch --sort --delay --count --json --help
set -g __xtcpstat_conditions state exclude sport dport src dst dev user
set -g __xtcpstat_states established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed close close-wait last-ack listening listen closing all connected synchronized bucket big
set -g __xtcpstat_knobs congestion user-timeout keepalive keepidle keepintvl keepcnt pacing-rate watch
set -g __xtcpstat_sorts rate retrans rtt memory

# What is asked for before the cursor; a comparison may stand in between.
function __xtcpstat_before
    set -l tokens (commandline -opc)
    set -l before $tokens[-1]
    if contains -- $before = == != '<' '<=' '>' '>=' eq ne lt le gt ge
        set before $tokens[-2]
    end
    contains -- $before $argv
end

function __xtcpstat_no_command
    for token in (commandline -opc)[2..]
        if contains -- $token $__xtcpstat_commands
            return 1
        end
    end
    return 0
end

function __xtcpstat_free
    not __xtcpstat_before state exclude sport dport src dst dev user -N --net --sort
end

complete -c xtcpstat -f
complete -c xtcpstat -n '__xtcpstat_free' -a "$__xtcpstat_conditions and or not"
complete -c xtcpstat -n '__xtcpstat_free; and __xtcpstat_no_command' -a "$__xtcpstat_commands"
complete -c xtcpstat -n '__xtcpstat_free; and __fish_seen_subcommand_from set' -a "$__xtcpstat_knobs="
complete -c xtcpstat -n '__xtcpstat_before state exclude' -a "$__xtcpstat_states"
complete -c xtcpstat -n '__xtcpstat_before user' -a "(__fish_complete_users)"
complete -c xtcpstat -n '__xtcpstat_before dev' -a "(__fish_print_interfaces)"
complete -c xtcpstat -n '__xtcpstat_before src dst' -a "(__fish_print_hostnames)"
complete -c xtcpstat -n '__xtcpstat_before -N --net' -a "(ls /run/netns 2>/dev/null)"
complete -c xtcpstat -n '__xtcpstat_before --sort' -a "$__xtcpstat_sorts"
for option in $__xtcpstat_options
    switch $option
        case --sort
            complete -c xtcpstat -l sort -x -a "$__xtcpstat_sorts"
        case --net
            complete -c xtcpstat -s N -l net -x -a "(ls /run/netns 2>/dev/null)"
        case --delay --count
            complete -c xtcpstat -l (string sub -s 3 -- $option) -x
        case '*'
            complete -c xtcpstat -l (string sub -s 3 -- $option)
    end
end
