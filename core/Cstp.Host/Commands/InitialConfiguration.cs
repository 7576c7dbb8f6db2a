using Cstp.Abstractions;

namespace Cstp.Host.Commands;

/// <summary>The commented configuration file of a new box.</summary>
/// <param name="Box">The address in the gateway certificate.</param>
/// <param name="Domains">The local domains.</param>
/// <param name="Crypto">The crypto module.</param>
/// <param name="Policy">The recipient policy.</param>
/// <param name="Network">The network mode.</param>
/// <param name="Plugins">The folder of plugins that are not the product's.</param>
/// <param name="Store">The database of certificates and keys.</param>
/// <param name="Passphrase">The file with its passphrase.</param>
/// <param name="InsideListen">Where local users' mail comes in.</param>
/// <param name="InsideUpstream">Where it goes on to.</param>
/// <param name="OutsideListen">Where all other mail comes in.</param>
/// <param name="OutsideUpstream">Where it goes on to.</param>
internal sealed record InitialConfiguration(
    Mailbox Box, IReadOnlyList<string> Domains, string Crypto, string Policy, string Network, string Plugins, string Store, string Passphrase,
    string InsideListen, string InsideUpstream, string OutsideListen, string OutsideUpstream)
{
    /// <summary>Writes it; a test holds the comments to the defaults in force.</summary>
    public string Write() => $$"""
        # CSTP. 'cstp config check' tells what is wrong with this file.
        # Relative paths are relative to this file; durations are "30s", "5m", "2h"; sizes are "64KiB", "32MiB".
        # A line that begins with #= shows a setting with its default: take the #= away to change it.

        [box]
        name = "{{Box}}"      # address in the gateway certificate
        domains = [{{string.Join(", ", Domains.Select(domain => $"\"{domain.ToLowerInvariant()}\""))}}]      # local domains: mailboxes behind this box
        #= authserv_id = "cstp.{{Domains[0].ToLowerInvariant()}}"      # in Authentication-Results; never the inside server's own id

        [modules]      # by the plugin's name; 'cstp plugins list' shows what is there
        crypto = "{{Crypto}}"
        policy = "{{Policy}}"
        network = "{{Network}}"
        interceptors = []      # asked in this order

        [plugins]
        folders = ["{{Plugins}}"]      # besides the product's own

        [store]      # certificates and keys; only the owner may read these files
        file = "{{Store}}"
        passphrase_file = "{{Passphrase}}"      # or "credential:NAME" for systemd's LoadCredential
        #= ledger_lifetime = "7d"      # how long it is remembered who has a message that only a part of its recipients got

        [trust]
        #= harvest = false      # use for encryption what signed mail and chains to an authority of the store
        #= expiry_warning = "30d"      # how long before the end of a certificate the log warns

        [revocation]      # of certificates that chain to an authority of the store
        #= unknown = "soft"      # nothing to be had: soft (counts as not revoked) | hard (temperror; mail waits)
        #= fetch = false      # lists and OCSP answers, from where certificates say
        #= allowed_networks = []      # besides public addresses
        #= mail_wait = "2s"      # how long a message waits for what is fetched
        #= fetch_timeout = "30s"
        #= max_list = "10240KiB"

        [securing]
        sign_without_certificate = false      # sign, readable for all, what cannot be encrypted
        unauthenticated = "open"      # encrypted, neither signed nor GCM: open (marked) | keep | refuse
        #= gateway_authenticated_only = true      # the gateway's key opens only what has integrity
        #= eight_bit = "unsigned"      # 8-bit content to be clear-signed: unsigned | opaque | reencode
        #= outer_subject = "[...]"      # Subject outside, between boxes; "" leaves the real one there
        #= digest = "sha-256"      # of signatures: sha-256 | sha-384 | sha-512
        #= authenticated_cipher = "aes-256-gcm"      # for recipients known to read it
        #= cipher = "aes-256-cbc"      # for all others
        #= read_triple_des = false
        #= wrap_secured = false      # wrap what is S/MIME or OpenPGP already
        #= max_layers = 8
        #= subaddress_separators = ""      # characters like "+" that begin the detail in julia+news@

        [securing.triggers]      # by what a sender demands protection for one message; "" is off
        #= header = ""      # a field like "X-Cstp" with the words encrypt, sign
        #= encrypt_tag = ""      # in the Subject, like "[encrypt]"
        #= sign_tag = ""

        # [[securing.rules]]      # the first that matches decides
        # remote = ["intel.test"]      # addresses, domains, ".domain", "<>", "*"
        # encrypt = "require"      # require | prefer | never
        # sign = "require"

        # [[securing.aliases]]      # where certificates and keys are looked for
        # address = "sales@intel.test"
        # user = "julia@intel.test"

        [smtp]
        starttls = "hide"      # hide (no TLS through the box) | pass (such sessions go by unseen) | terminate (see [tls])
        bare_newline = "normalise"      # normalise | refuse
        #= nul = "refuse"      # refuse | pass
        #= connect_timeout = "30s"
        #= command_timeout = "5m"
        #= reply_timeout = "310s"
        #= data_timeout = "190s"
        #= final_reply_timeout = "610s"
        #= transfer_timeout = "9m"
        #= preparation_timeout = "2m"
        #= keep_alive = "60s"
        #= drain_timeout = "30s"
        #= max_sessions = 9000
        #= max_recipients = 1000
        #= max_command_line = 4096
        #= max_bad_commands = 20
        #= max_junk_commands = 100
        #= max_header = "256KiB"

        [tls]      # with [smtp] starttls = "terminate"
        #= client = "opportunistic"      # none | opportunistic | required
        #= server = "opportunistic"      # none | opportunistic (any certificate will do) | required (and what verify says must hold)
        #= verify = "none"      # none | pkix | pin | dane
        # certificate_file = "mail.pem"      # for clients, with what stands between it and its authority; without it the box's authority issues one for each server
        # key_file = "mail.key"
        # key_passphrase_file = "mail.passphrase"
        # authority_certificate_file = "tls-authority.pem"      # by default beside the store; 'cstp tls authority' makes it
        # authority_key_file = "tls-authority.key"
        # anchors_file = "anchors.pem"      # for pkix, instead of the system's
        # resolver = "127.0.0.1:53"      # for dane: it validates, and the way to it is trusted
        #= offer_without_server = false      # offer clients TLS even where the server has none
        #= auth_requires_tls = false      # AUTH only where both ends are in TLS
        #= handshake_timeout = "30s"

        # [[tls.destinations]]      # servers that are known better; the first that fits counts
        # address = "192.0.2.25"      # or a network: "192.0.2.0/24"
        # name = "mx.example.com"
        # pins = []
        # server = "required"
        # verify = "pkix"

        [spool]      # where incoming messages wait while they are verified
        #= folder = "/var/tmp"      # encrypted, unlinked files; never a tmpfs
        #= memory_per_message = "256KiB"
        #= memory = "32MiB"

        [relay]      # for parts of a message that cannot go to the client's own server; for clients on the inside alone
        # server = "smarthost.example.com:25"
        # user = "box@example.com"      # the box's own at the relay; sent in TLS alone, to a server that is verified: see [tls]
        # password_file = "relay.password"      # for its owner alone, or "credential:NAME"
        # hello = "cstp.{{Domains[0].ToLowerInvariant()}}"      # the box's name towards it, and in its reports
        #= remember = "1d"      # how long a server that takes no second connection is not asked for one

        [log]
        #= level = "information"      # trace | debug | information | warning | error | critical | none
        #= format = "text"      # text | json

        [metrics]      # off unless listen is given
        # listen = "127.0.0.1:9464"

        [module.{{(Network.Length > 0 ? Network : "NAME")}}]      # upstream: where sessions accepted here go
        inside = { listen = "{{InsideListen}}", upstream = "{{InsideUpstream}}" }
        outside = { listen = "{{OutsideListen}}", upstream = "{{OutsideUpstream}}" }

        """;
}
