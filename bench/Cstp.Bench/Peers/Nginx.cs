using System.Diagnostics;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Peers;

/// <summary>nginx as SMTP proxy. The service that it asks for each session's server is a second nginx, whose cost is not counted.</summary>
internal sealed class Nginx : Peer
{
    private readonly TemporaryFolder _folder;
    private readonly Process _proxy;
    private readonly Process _directory;

    private Nginx(int port, Process proxy, Process directory, TemporaryFolder folder)
    {
        Port = port;
        _proxy = proxy;
        _directory = directory;
        _folder = folder;
    }

    public override int Port { get; }

    protected override int ProcessId => _proxy.Id;

    /// <summary>Starts it.</summary>
    /// <param name="server">Port of the server behind it.</param>
    public static async Task<Peer> StartAsync(int server)
    {
        TemporaryFolder folder = new TemporaryFolder().ForAll(writable: true);
        int port = FreePort.Next(), directoryPort = FreePort.Next();
        Process directory = await RunAsync(folder, directoryPort, "directory", "", $$"""
            http {
                access_log off;
                client_body_temp_path {{folder.Of("body")}}; proxy_temp_path {{folder.Of("proxy")}}; fastcgi_temp_path {{folder.Of("fastcgi")}};
                uwsgi_temp_path {{folder.Of("uwsgi")}}; scgi_temp_path {{folder.Of("scgi")}};
                server {
                    listen 127.0.0.1:{{directoryPort}};
                    location /server {
                        add_header Auth-Status OK;
                        add_header Auth-Server 127.0.0.1;
                        add_header Auth-Port {{server}};
                        return 204;
                    }
                }
            }
            """);
        Process proxy = await RunAsync(folder, port, "proxy", "load_module /usr/lib/nginx/modules/ngx_mail_module.so;", $$"""
            mail {
                server_name mail.test;
                auth_http 127.0.0.1:{{directoryPort}}/server;
                server {
                    listen 127.0.0.1:{{port}};
                    protocol smtp;
                    smtp_auth none;
                    xclient off;
                }
            }
            """);
        return new Nginx(port, proxy, directory, folder);
    }

    public override async ValueTask DisposeAsync()
    {
        await StopAsync(_proxy);
        await StopAsync(_directory);
        _folder.Dispose();
    }

    private static async Task<Process> RunAsync(TemporaryFolder folder, int port, string name, string modules, string body)
    {
        await File.WriteAllTextAsync(folder.Of($"{name}.conf"), $$"""
            {{modules}}
            daemon off;
            worker_processes 1;
            pid {{folder.Of($"{name}.pid")}};
            error_log {{folder.Of($"{name}.log")}};
            events { worker_connections 4000; }
            {{body}}

            """);
        return await StartAsync(port, "nginx", "-c", folder.Of($"{name}.conf"));
    }
}
